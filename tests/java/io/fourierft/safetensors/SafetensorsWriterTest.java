package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.PeftFixture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final TensorDeclaration A = new TensorDeclaration("a", DType.U8, List.of(3L));

  private static final TensorDeclaration B = new TensorDeclaration("b", DType.F32, List.of(1L, 2L));

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void nameTheTarget() {
    target = folder.resolve("model.safetensors");
  }

  private static MemorySegment bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(bytes);
  }

  private List<String> filesLeft() throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(path -> String.valueOf(path.getFileName())).sorted().toList();
    }
  }

  private static void writeSmall(Path target) throws IOException {
    try (var writer = SafetensorsWriter.create(target, Map.of("format", "pt"), List.of(A, B))) {
      writer.write("a", bytes(1, 2));
      writer.write("a", bytes());
      writer.write("a", bytes(3));
      writer.write("b", MemorySegment.ofArray(new float[] {1.5f, -2f}));
      writer.commit();
    }
  }

  /** In any order that leaves some for later the file is the same. */
  @Test
  void aTensorThatIsPostponedComesToItsPlace() throws IOException {
    writeSmall(target);
    byte[] inOrder = Files.readAllBytes(target);
    MemorySegment b = MemorySegment.ofArray(new float[] {1.5f, -2f});
    for (List<String> later : List.of(List.of("a"), List.of("b"), List.of("a", "b"))) {
      for (boolean reversed : new boolean[] {false, true}) {
        try (var writer = SafetensorsWriter.create(target, Map.of("format", "pt"), List.of(A, B))) {
          assertTrue(writer.canPostpone());
          for (String name : List.of("a", "b")) {
            if (later.contains(name)) {
              writer.postpone(name);
            } else {
              writer.write(name, name.equals("a") ? bytes(1, 2, 3) : b);
            }
          }
          for (String name : reversed ? later.reversed() : later) {
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment bytes = name.equals("a") ? bytes(1, 2, 3) : b;
              writer.fill(name, arena.allocate(bytes.byteSize(), 8).copyFrom(bytes));
            }
          }
          writer.commit();
        }
        assertArrayEquals(inOrder, Files.readAllBytes(target), later + " " + reversed);
      }
    }
  }

  @Test
  void whatIsPostponedIsFilledOnceAndWhole() throws IOException {
    try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(A, B))) {
      assertRule("turn of tensor 'a'", "b", () -> writer.postpone("b"));
      assertRule("was not declared", "x", () -> writer.postpone("x"));
      assertRule("was not postponed", "a", () -> writer.fill("a", bytes(1, 2, 3)));
      writer.postpone("a");
      assertRule("turn of tensor 'b'", "a", () -> writer.write("a", bytes(1)));
      assertRule("2 bytes came, 3 were declared", "a", () -> writer.fill("a", bytes(1, 2)));
      writer.write("b", bytes(1));
      assertRule("8 more bytes after 1", "b", () -> writer.postpone("b"));
      writer.write("b", bytes(2, 3, 4, 5, 6, 7, 8));
      assertRule("postponed and never filled", "a", writer::commit);
      writer.fill("a", bytes(7, 8, 9));
      assertRule("is filled already", "a", () -> writer.fill("a", bytes(7, 8, 9)));
      writer.commit();
    }
    byte[] file = Files.readAllBytes(target);
    assertArrayEquals(
        new byte[] {7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8},
        Arrays.copyOfRange(file, file.length - 11, file.length));
  }

  @Test
  void onAChannelNothingCanBePostponed() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var writer =
        SafetensorsWriter.create(target, Channels.newChannel(bytes), Map.of(), List.of(A))) {
      assertFalse(writer.canPostpone());
      assertThrows(UnsupportedOperationException.class, () -> writer.postpone("a"));
      writer.write("a", bytes(1, 2, 3));
      writer.commit();
    }
  }

  @Test
  void theFileIsWhatTheFormatSays() throws IOException {
    writeSmall(target);
    byte[] file = Files.readAllBytes(target);
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[3,11]}}";
    while (header.length() % 8 != 0) {
      header += " ";
    }
    byte[] expected =
        FileBytes.withLength(
            header.length(),
            header.getBytes(StandardCharsets.UTF_8),
            new byte[] {1, 2, 3, 0, 0, (byte) 0xC0, 0x3F, 0, 0, 0, (byte) 0xC0});
    assertArrayEquals(expected, file);
    assertEquals(List.of("model.safetensors"), filesLeft());
  }

  @Test
  void theReferenceOrderIsDtypeDescendingThenName() {
    var sorted =
        SafetensorsWriter.referenceOrder(
            List.of(
                new TensorDeclaration("b", DType.F32, List.of()),
                new TensorDeclaration("\ud83d\ude00", DType.F32, List.of()),
                new TensorDeclaration("\uffee", DType.F32, List.of()),
                new TensorDeclaration("a", DType.F32, List.of()),
                new TensorDeclaration("", DType.F32, List.of()),
                new TensorDeclaration("z", DType.U64, List.of()),
                new TensorDeclaration("c", DType.BOOL, List.of())));
    assertEquals(
        List.of("z", "", "a", "b", "\uffee", "\ud83d\ude00", "c"),
        sorted.stream().map(TensorDeclaration::name).toList());
  }

  @Test
  void closingWithoutCommitLeavesNothingAndKeepsTheTarget() throws IOException {
    Files.writeString(target, "as it was");
    try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(A))) {
      writer.write("a", bytes(1, 2, 3));
      assertEquals(2, filesLeft().size());
    }
    assertEquals("as it was", Files.readString(target));
    assertEquals(List.of("model.safetensors"), filesLeft());
  }

  @Test
  @SuppressWarnings("try") // Closing early, or again, is what is tested.
  void exactlyTheDeclaredBytesMustArriveInOrder() throws IOException {
    try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(A, B))) {
      assertRule("turn of tensor 'a'", "b", () -> writer.write("b", bytes(1)));
      assertRule("more than the 3", "a", () -> writer.write("a", bytes(1, 2, 3, 4)));
      writer.write("a", bytes(1));
      assertRule("more than the 3", "a", () -> writer.write("a", bytes(1, 2, 3)));
      assertRule("1 of 3 bytes", "a", writer::commit);
      writer.write("a", bytes(2, 3));
      assertRule("turn of tensor 'b'", "a", () -> writer.write("a", bytes(4)));
      assertRule("0 of 8 bytes", "b", writer::commit);
      writer.write("b", bytes(1, 2, 3, 4, 5, 6, 7, 8));
      assertRule("every declared tensor", "b", () -> writer.write("b", bytes(9)));
      writer.commit();
      assertThrows(IllegalStateException.class, writer::commit);
      assertThrows(IllegalStateException.class, () -> writer.write("a", bytes(1)));
      writer.close();
    }
    try (var file = SafetensorsFile.open(target)) {
      assertEquals(11, file.dataSizeInBytes());
    }
  }

  @Test
  void whatNoHeaderCanHoldIsRefusedBeforeAnythingIsWritten() throws IOException {
    assertRule("declared twice", "a", () -> create(Map.of(), A, B, A));
    assertRule(
        "reserved",
        "__metadata__",
        () -> create(Map.of(), new TensorDeclaration("__metadata__", DType.U8, List.of())));
    assertRule(
        "unpaired surrogate",
        "\ud800",
        () -> create(Map.of(), new TensorDeclaration("\ud800", DType.U8, List.of())));
    assertThrows(SafetensorsException.class, () -> create(Map.of("k", "\udc00")));
    TensorDeclaration[] huge =
        IntStream.range(0, 8)
            .mapToObj(i -> new TensorDeclaration("h" + i, DType.U8, List.of(1L << 60)))
            .toArray(TensorDeclaration[]::new);
    assertRule("overflow", "h7", () -> create(Map.of(), huge));
    assertEquals(List.of(), filesLeft());
  }

  private void create(Map<String, String> metadata, TensorDeclaration... tensors)
      throws IOException {
    SafetensorsWriter.create(target, metadata, List.of(tensors)).close();
  }

  @Test
  void aHeaderAboveTheLimitIsRefusedAndLeavesNothing() throws IOException {
    String text = "x".repeat(5_000_000);
    Map<String, String> metadata = new LinkedHashMap<>();
    for (int i = 0; i < 20; i++) {
      metadata.put("k" + i, text);
    }
    var refusal = assertThrows(SafetensorsException.class, () -> create(metadata, A));
    assertTrue(refusal.rule().contains("header too large"), refusal.rule());
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void aTensorIsCopiedFromAnotherFile() throws IOException {
    writeSmall(target);
    Path copy = folder.resolve("copy.safetensors");
    var renamed = new TensorDeclaration("c", DType.F32, List.of(1L, 2L));
    var empty = new TensorDeclaration("e", DType.F32, List.of(0L));
    try (var source = SafetensorsFile.open(target);
        var writer =
            SafetensorsWriter.create(copy, source.metadata(), List.of(renamed, empty, A))) {
      assertRule("no such tensor", "x", () -> writer.copy("c", source, "x"));
      assertRule("declared as F32 [1, 2]", "c", () -> writer.copy("c", source, "a"));
      writer.copy("c", source, "b");
      assertRule("declared as F32 [0]", "e", () -> writer.copy("e", source, "a"));
      assertRule("turn of tensor 'a'", "c", () -> writer.copy("c", source, "b"));
      writer.copy("a", source);
      writer.commit();
    }
    try (var file = SafetensorsFile.open(copy)) {
      assertArrayEquals(
          new float[] {1.5f, -2f}, file.data("c").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
      assertArrayEquals(new byte[] {1, 2, 3}, file.data("a").toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void aTensorOfNoBytesMayBeWrittenAtAnyTime() throws IOException {
    var empty = new TensorDeclaration("e", DType.F32, List.of(0L));
    try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(A, empty))) {
      writer.write("e", bytes());
      assertRule("turn of tensor 'a'", "e", () -> writer.write("e", bytes(1)));
      assertRule("not declared", "x", () -> writer.write("x", bytes()));
      writer.write("a", bytes(1, 2, 3));
      writer.write("e", bytes());
      writer.commit();
    }
  }

  @Test
  void aFileOfTheReferenceWriterIsCopiedByteForByte() throws IOException {
    Path fixture = PeftFixture.cases().resolve("conv1d_gpt2/adapter/adapter_model.safetensors");
    try (var source = SafetensorsFile.open(fixture)) {
      var tensors = source.tensors().values().stream().map(TensorInfo::declaration).toList();
      assertEquals(tensors, SafetensorsWriter.referenceOrder(tensors));
      try (var writer = SafetensorsWriter.create(target, source.metadata(), tensors)) {
        for (TensorDeclaration tensor : tensors) {
          writer.copy(tensor.name(), source);
        }
        writer.commit();
      }
    }
    assertEquals(-1, Files.mismatch(fixture, target));
  }

  @Test
  void aMappedFileCanBeReplacedByItsOwnCopy() throws IOException {
    Assumptions.assumeFalse(OS.WINDOWS.isCurrentOs(), "a mapped file cannot be replaced");
    writeSmall(target);
    try (var source = SafetensorsFile.open(target)) {
      try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(B))) {
        writer.copy("b", source);
        writer.commit();
      }
      byte first = source.read("a", data -> data.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(1, first);
    }
    try (var file = SafetensorsFile.open(target)) {
      assertEquals(List.of("b"), List.copyOf(file.tensors().keySet()));
      float value = file.read("b", data -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
      assertEquals(1.5f, value);
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a mapped file cannot be truncated")
  void aSourceThatIsTruncatedDuringTheCopyIsNamed() throws IOException {
    writeSmall(target);
    Path copy = folder.resolve("copy.safetensors");
    try (var source = SafetensorsFile.open(target);
        var writer = SafetensorsWriter.create(copy, Map.of(), List.of(B))) {
      try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw")) {
        file.setLength(file.length() - 2);
      }
      var refusal = assertThrows(SafetensorsException.class, () -> writer.copy("b", source));
      assertEquals(target, refusal.path());
      assertEquals("b", refusal.tensor());
      assertTrue(refusal.rule().contains("truncated"), refusal.rule());
      assertThrows(IllegalStateException.class, writer::commit);
    }
    assertEquals(List.of("model.safetensors"), filesLeft());
  }

  @Test
  void nativeAndHeapSegmentsOfManyPiecesAreWrittenWhole() throws IOException {
    int length = (5 << 20) + 3;
    var tensor = new TensorDeclaration("w", DType.U8, List.of((long) length));
    byte[] content = new byte[length];
    new Random(5).nextBytes(content);
    for (boolean direct : new boolean[] {false, true}) {
      try (Arena arena = Arena.ofConfined();
          var writer = SafetensorsWriter.create(target, Map.of(), List.of(tensor))) {
        MemorySegment heap = MemorySegment.ofArray(content);
        writer.write("w", direct ? arena.allocate(length).copyFrom(heap) : heap.asReadOnly());
        writer.commit();
      }
      try (var file = SafetensorsFile.open(target)) {
        assertEquals(-1, file.data("w").mismatch(MemorySegment.ofArray(content)));
      }
    }
  }

  @FunctionalInterface
  private interface Action {
    void run() throws IOException;
  }

  private static void assertRule(String rule, String tensor, Action action) {
    var refusal = assertThrows(SafetensorsException.class, action::run);
    assertTrue(refusal.rule().contains(rule), refusal.getMessage());
    assertEquals(tensor, refusal.tensor());
  }
}
