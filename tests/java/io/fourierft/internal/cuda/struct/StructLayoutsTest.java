package io.fourierft.internal.cuda.struct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.kernels.Kernel;
import java.io.IOException;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The structs against the headers that the kernels are compiled with: fields, types, the offsets
 * that {@code layout.h} asserts, and what is written where.
 */
class StructLayoutsTest {
  private static final Path NATIVE =
      Path.of(System.getProperty("fourierft.project.dir", "."), "native");

  private static final Pattern STRUCT =
      Pattern.compile(
          "^struct (?:alignas\\(\\d+\\) )?(fourierft_\\w+) \\{(.*?)^};",
          Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern FIELD = Pattern.compile("([\\w ]+?)\\s*(\\*?)\\s*(\\w+);");
  private static final Pattern AT =
      Pattern.compile("FOURIERFT_AT\\((fourierft_\\w+), (\\w+), (\\d+)\\)");
  private static final Pattern SIZE =
      Pattern.compile("FOURIERFT_SIZE\\((fourierft_\\w+), (\\d+)\\)");

  private static final List<Class<?>> STRUCTS =
      List.of(
          AdamwStruct.class,
          AdapterStruct.class,
          AdditionStruct.class,
          ComplexStruct.class,
          DecisionStruct.class,
          DivisorStruct.class,
          CallbackInfoStruct.class,
          GradientStruct.class,
          LineBinsStruct.class,
          LineDeltaJobStruct.class,
          LineEntryStruct.class,
          LineGradientStruct.class,
          LineOperatorStruct.class,
          LinePlacesStruct.class,
          LineStruct.class,
          OperatorStruct.class,
          PairStruct.class,
          ParameterStruct.class,
          PassStruct.class,
          ProgressStruct.class,
          RatesStruct.class,
          TargetStruct.class,
          TokenGroupStruct.class);

  static Stream<Class<?>> structs() {
    return STRUCTS.stream();
  }

  static Stream<Class<?>> records() {
    return structs().filter(Class::isRecord);
  }

  private static String header(String file) throws IOException {
    return Files.readString(NATIVE.resolve(file));
  }

  /** The structs of both headers: each name with its fields in order, and their C types. */
  private static Map<String, Map<String, String>> declared() throws IOException {
    String text =
        header("include/fourierft_kernels.h")
            + header("include/fourierft_callbacks.h")
            + header("include/fourierft_lines.h");
    Map<String, Map<String, String>> all = new LinkedHashMap<>();
    Matcher struct = STRUCT.matcher(text);
    while (struct.find()) {
      Map<String, String> fields = new LinkedHashMap<>();
      Matcher field = FIELD.matcher(struct.group(2).replaceAll("(?s)/\\*.*?\\*/", ""));
      while (field.find()) {
        fields.put(field.group(3), field.group(2).isEmpty() ? field.group(1).strip() : "*");
      }
      all.put(struct.group(1), fields);
    }
    return all;
  }

  private static StructLayout layout(Class<?> struct) throws ReflectiveOperationException {
    return (StructLayout) struct.getField("LAYOUT").get(null);
  }

  private static String name(MemoryLayout layout) {
    return layout.name().orElseThrow();
  }

  @Test
  void everyStructOfTheHeadersHasOneLayout() throws Exception {
    List<String> mine = new ArrayList<>();
    for (Class<?> each : STRUCTS) {
      mine.add(name(layout(each)));
    }
    assertEquals(new TreeSet<>(declared().keySet()), new TreeSet<>(mine));
    assertEquals(STRUCTS.size(), declared().size());
  }

  @ParameterizedTest
  @MethodSource("structs")
  void fieldsHaveTheNamesAndTypesOfC(Class<?> struct) throws Exception {
    StructLayout layout = layout(struct);
    Map<String, String> mine = new LinkedHashMap<>();
    for (MemoryLayout member : layout.memberLayouts()) {
      mine.put(name(member), type(member));
    }
    Map<String, String> theirs = new LinkedHashMap<>();
    declared().get(name(layout)).forEach((field, type) -> theirs.put(field, javaType(type)));
    assertEquals(List.copyOf(theirs.entrySet()), List.copyOf(mine.entrySet()));
  }

  private static String type(MemoryLayout member) {
    return switch (member) {
      case ValueLayout value -> value.carrier().getSimpleName();
      case StructLayout inner ->
          inner.memberLayouts().stream()
              .map(StructLayoutsTest::type)
              .collect(Collectors.joining("+"));
      default -> member.toString();
    };
  }

  private static String javaType(String type) {
    return switch (type) {
      case "*", "int64_t", "uint64_t" -> "long";
      case "int32_t", "uint32_t" -> "int";
      case "uint16_t" -> "short";
      case "float", "double" -> type;
      case "fourierft_divisor" -> "long+long";
      case "fourierft_line_entry" -> "int+int";
      case "fourierft_target" -> "long+long+int+int+float+int";
      default -> "unknown " + type;
    };
  }

  @ParameterizedTest
  @MethodSource("structs")
  void offsetsAndSizesAreThoseThatTheHeaderAsserts(Class<?> struct) throws Exception {
    StructLayout layout = layout(struct);
    String text = header("kernels/layout.h");
    int checked = 0;
    Matcher at = AT.matcher(text);
    while (at.find()) {
      if (at.group(1).equals(name(layout))) {
        long offset = layout.byteOffset(PathElement.groupElement(at.group(2)));
        assertEquals(Long.parseLong(at.group(3)), offset, at.group());
        checked++;
      }
    }
    Matcher size = SIZE.matcher(text);
    long bytes = -1;
    while (size.find()) {
      if (size.group(1).equals(name(layout))) {
        bytes = Long.parseLong(size.group(2));
      }
    }
    assertEquals(bytes, layout.byteSize());
    long reserved =
        layout.memberLayouts().stream().filter(member -> name(member).equals("reserved")).count();
    assertTrue(
        struct == ComplexStruct.class || checked == layout.memberLayouts().size() - reserved,
        checked + " fields of " + name(layout) + " are asserted");
  }

  /** Fills a record with numbers that differ, and finds each where the layout says. */
  @ParameterizedTest
  @MethodSource("records")
  void everyFieldIsWrittenWhereTheLayoutHasIt(Class<?> struct) throws Exception {
    StructLayout layout = layout(struct);
    RecordComponent[] components = struct.getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < values.length; i++) {
      types[i] = components[i].getType();
      values[i] = value(types[i], i + 1);
    }
    Struct made = (Struct) struct.getDeclaredConstructor(types).newInstance(values);
    MemorySegment bytes = MemorySegment.ofArray(StructTable.of(made));
    assertEquals(layout.byteSize(), bytes.byteSize());
    int component = 0;
    for (MemoryLayout member : layout.memberLayouts()) {
      long offset = layout.byteOffset(PathElement.groupElement(name(member)));
      if (name(member).equals("reserved")) {
        assertEquals(0, bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset));
        continue;
      }
      assertEquals(camel(name(member)), components[component].getName());
      assertEquals(values[component], read(bytes, offset, types[component]), name(member));
      component++;
    }
    assertEquals(components.length, component);
  }

  private static Object value(Class<?> type, int number) {
    if (type == DivisorStruct.class) {
      return new DivisorStruct(1000L * number, 1000L * number + 1);
    }
    if (type == LineEntryStruct.class) {
      return new LineEntryStruct(1000 * number, 1000 * number + 1);
    }
    if (type == TargetStruct.class) {
      return new TargetStruct(1000L * number, 2, 3, 4, 5f, number);
    }
    if (type == long.class) {
      return 0x1111_0000_0000L * number + number;
    }
    if (type == int.class) {
      return 0x0111_1111 * number;
    }
    if (type == short.class) {
      return (short) (0x0111 * number);
    }
    return type == float.class ? (Object) (float) number : (Object) (double) number;
  }

  private static Object read(MemorySegment bytes, long offset, Class<?> type) {
    if (type == DivisorStruct.class) {
      return new DivisorStruct(
          bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset),
          bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + 8));
    }
    if (type == TargetStruct.class) {
      return new TargetStruct(
          bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset),
          bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + 8),
          bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset + 16),
          bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset + 20),
          bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset + 24),
          bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset + 28));
    }
    if (type == LineEntryStruct.class) {
      return new LineEntryStruct(
          bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset),
          bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset + 4));
    }
    if (type == long.class) {
      return bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }
    if (type == short.class) {
      return bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset);
    }
    if (type == int.class) {
      return bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }
    return type == float.class
        ? (Object) bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset)
        : (Object) bytes.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, offset);
  }

  private static String camel(String name) {
    StringBuilder result = new StringBuilder();
    for (String word : name.split("_", -1)) {
      result.append(
          result.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return result.toString();
  }

  @Test
  void anAdditionIsReadAsItIsWritten() {
    AdditionStruct sums = new AdditionStruct(1, 2, 3, 4, 5);
    ByteBuffer bytes = ByteBuffer.wrap(StructTable.of(sums)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(sums, AdditionStruct.read(bytes));
  }

  @Test
  void aTableTakesOneKindOfStructAndHasToBeFull() {
    StructTable table = new StructTable(DivisorStruct.LAYOUT, 2);
    table.add(DivisorStruct.of(3));
    assertThrows(IllegalStateException.class, table::finish);
    Struct other = new OperatorStruct(1, 2, 3, 4, 5, 6);
    assertThrows(RuntimeException.class, () -> table.add(other));
    assertArrayEquals(new byte[] {1, 0, 0, 0, -1, -1, -1, -1}, StructTable.of(new int[] {1, -1}));
  }

  /** The numbers and names that Java repeats from the header. */
  @Test
  void constantsAndKernelsAreThoseOfTheHeader() throws IOException {
    String text = header("include/fourierft_kernels.h") + header("include/fourierft_lines.h");
    Map<String, Integer> defined = new LinkedHashMap<>();
    Matcher define =
        Pattern.compile("^#define FOURIERFT_(\\w+) (\\d+)$", Pattern.MULTILINE).matcher(text);
    while (define.find()) {
      defined.put(define.group(1), Integer.parseInt(define.group(2)));
    }
    Map<String, Integer> mine = new LinkedHashMap<>();
    mine.put("KERNEL_ABI", Kernel.ABI);
    mine.put("BLOCK", Kernel.BLOCK);
    mine.put("TILE", Kernel.TILE);
    mine.put("SEGMENT", Kernel.SEGMENT);
    mine.put("TOKEN_TILE", Kernel.TOKEN_TILE);
    for (ElementType type : ElementType.values()) {
      mine.put(type.name(), ElementCode.of(type));
    }
    mine.put("LINE_BLOCK", LinePlan.MOST_THREADS);
    mine.put("DELTA_BOUND", 1024);
    mine.put("ADD_BOUND", 768);
    mine.put("MEASURE_BOUND", 640);
    mine.put("TOKEN_BOUND", 512);
    mine.put("LINE_PAD", LinePlan.PAD);
    mine.put("LARGEST_RADIX", LinePlan.LARGEST_RADIX);
    mine.put("ROW_RADIX", LinePlan.ROW_RADIX);
    mine.put("TOKEN_RADIX", LinePlan.TOKEN_RADIX);
    mine.put("LINE_TOKENS", LinePlan.MOST_LINES);
    mine.put("PLAIN", 0);
    mine.put("CONJUGATE", 1);
    mine.put("REAL", 2);
    mine.put("IMAGINARY", 3);
    assertEquals(defined, mine);
    List<String> listed = new ArrayList<>();
    Matcher kernel = Pattern.compile("^  KERNEL\\((\\w+)\\)", Pattern.MULTILINE).matcher(text);
    while (kernel.find()) {
      listed.add(kernel.group(1));
    }
    assertFalse(listed.isEmpty());
    assertEquals(listed, Stream.of(Kernel.values()).map(Kernel::symbol).toList());
  }
}
