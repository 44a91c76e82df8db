package io.fourierft.safetensors;

import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file's header, read and validated whole. It is parsed as a stream, so that the heap holds what
 * the header really has, never what it claims.
 *
 * @param metadata the free text of {@code __metadata__}, in the header's order
 * @param tensors by name, in the order of their data
 * @param dataStart where the data starts in the file
 * @param dataLength length of the data in bytes
 */
record Header(
    Map<String, String> metadata,
    Map<String, TensorInfo> tensors,
    long dataStart,
    long dataLength) {
  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = Long.BYTES;

  /** The reference's limit of a header's length in bytes, on reading and on writing. */
  static final int LONGEST = 100_000_000;

  /** Dimensions of one tensor; NumPy and torch stop at 64. */
  static final int MOST_DIMENSIONS = 1024;

  /** What a tensor costs besides its name and shape, in bytes of heap, until it is arranged. */
  private static final long TENSOR_BYTES = 320;

  private static final long DIMENSION_BYTES = 32;

  private static final int LONGEST_PATH = 1024;

  /** One request to another machine brings this much of a header. */
  private static final int LARGEST_BUFFER = 1 << 18;

  private static final String LFS_POINTER = "version https://git-lfs.github.com/spec/v1";

  /** Reads the header of a file of {@code fileLength} bytes. */
  static Header read(TensorSource source, long fileLength) throws IOException {
    Path path = source.path();
    refuseLfsPointer(path, source);
    refuseLinkAsText(path, source, fileLength);
    if (fileLength < LENGTH_BYTES) {
      throw new SafetensorsException(
          path, null, "header too small: the file has " + fileLength + " bytes, not even 8");
    }
    long length = readLength(path, source);
    if (length == 0) {
      throw new SafetensorsException(path, null, "invalid JSON in header: it has no bytes");
    }
    if (Long.compareUnsigned(length, LONGEST) > 0) {
      throw new SafetensorsException(
          path,
          null,
          String.format(
              Locale.ROOT,
              "header too large: it claims %s bytes, the limit is %d",
              Long.toUnsignedString(length),
              LONGEST));
    }
    if (length > fileLength - LENGTH_BYTES) {
      throw new SafetensorsException(
          path,
          null,
          String.format(
              Locale.ROOT,
              "invalid header length: it claims %d bytes, the file has %d after the length",
              length,
              fileLength - LENGTH_BYTES));
    }
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, Entry> entries;
    int buffered = (int) Math.min(length, LARGEST_BUFFER);
    try (var input =
            new BufferedInputStream(
                new FileRangeInputStream(source, LENGTH_BYTES, length), buffered);
        var json = new StrictJson(path, "header", input, LONGEST, HeapAllowance.ofThisMachine())) {
      entries = parse(json, metadata);
    }
    long dataStart = LENGTH_BYTES + length;
    long dataLength = fileLength - dataStart;
    return new Header(
        Collections.unmodifiableMap(metadata),
        Collections.unmodifiableMap(DataLayout.arrange(path, entries, dataLength)),
        dataStart,
        dataLength);
  }

  /** Refuses a file that is only git-LFS's stand-in for the real one. */
  static void refuseLfsPointer(Path path, TensorSource source) throws IOException {
    byte[] start = new byte[LFS_POINTER.length()];
    int read = readFully(source, ByteBuffer.wrap(start));
    if (read == start.length
        && new String(start, StandardCharsets.ISO_8859_1).equals(LFS_POINTER)) {
      throw new SafetensorsException(
          path,
          null,
          "this is a git-LFS pointer, not the file itself; fetch it with: git lfs pull");
    }
  }

  /** A copy that knows no links, as of some archives and of git on Windows, writes their text. */
  private static void refuseLinkAsText(Path path, TensorSource source, long fileLength)
      throws IOException {
    if (fileLength < LENGTH_BYTES || fileLength > LONGEST_PATH) {
      return;
    }
    byte[] bytes = new byte[(int) fileLength];
    readFully(source, ByteBuffer.wrap(bytes));
    String text = new String(bytes, StandardCharsets.ISO_8859_1).strip();
    if (text.indexOf('/') >= 0 && text.chars().allMatch(c -> c > ' ' && c != '{' && c != 0x7f)) {
      throw new SafetensorsException(
          path,
          null,
          "this is not the file but the text of a link to it, "
              + SafetensorsException.quote(text)
              + ", as a copy without links leaves it; fetch the file itself");
    }
  }

  private static long readLength(Path path, TensorSource source) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (readFully(source, buffer) < LENGTH_BYTES) {
      throw new SafetensorsException(path, null, "header too small: the file ends within 8 bytes");
    }
    return buffer.getLong(0);
  }

  private static int readFully(TensorSource source, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (source.read(buffer, buffer.position()) < 0) {
        break;
      }
    }
    return buffer.position();
  }

  private static Map<String, Entry> parse(StrictJson json, Map<String, String> metadata)
      throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    boolean sawMetadata = false;
    json.openObject("the header");
    for (String name = json.nextName(); name != null; name = json.nextName()) {
      if (name.equals(METADATA)) {
        json.requireNew(!sawMetadata, "key", name);
        sawMetadata = true;
        parseMetadata(json, metadata);
      } else {
        json.inTensor(name);
        json.keep(name);
        json.keep(TENSOR_BYTES);
        Entry entry = parseEntry(json);
        json.requireNew(entries.putIfAbsent(name, entry) == null, "tensor name", name);
        json.inTensor(null);
      }
    }
    json.requireEnd();
    return entries;
  }

  private static void parseMetadata(StrictJson json, Map<String, String> metadata)
      throws IOException {
    JsonToken first = json.next();
    if (first == JsonToken.VALUE_NULL) {
      return;
    }
    json.requireObject(first, METADATA);
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      String value = json.nextString("the value of metadata " + SafetensorsException.quote(key));
      json.requireNew(
          metadata.putIfAbsent(json.keep(key), json.keep(value)) == null, "metadata key", key);
    }
  }

  private static Entry parseEntry(StrictJson json) throws IOException {
    json.openObject("its entry");
    DType dtype = null;
    List<Long> shape = null;
    List<Long> range = null;
    Set<String> fields = HashSet.newHashSet(3);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.requireNew(fields.add(field), "field", field);
      switch (field) {
        case "dtype" -> dtype = parseDType(json);
        case "shape" -> shape = parseNumbers(json, "shape", MOST_DIMENSIONS);
        case "data_offsets" -> range = parseNumbers(json, "data_offsets", 2);
        default -> {
          json.keep(field);
          json.skip(json.next());
        }
      }
    }
    List<Long> offsets = require(json, range, "data_offsets");
    return new Entry(
        require(json, dtype, "dtype"),
        require(json, shape, "shape"),
        offsets.get(0),
        offsets.get(1));
  }

  private static <T> T require(StrictJson json, @Nullable T value, String field) {
    if (value == null) {
      throw json.invalid("the field '" + field + "' is missing");
    }
    return value;
  }

  private static DType parseDType(StrictJson json) throws IOException {
    String name = json.nextString("dtype");
    return DType.named(name)
        .orElseThrow(() -> json.invalid("unknown dtype " + SafetensorsException.quote(name)));
  }

  /**
   * An array of numbers: two offsets, or dimensions. Those beyond {@code most} are only counted.
   */
  private static List<Long> parseNumbers(StrictJson json, String field, int most)
      throws IOException {
    if (json.next() != JsonToken.START_ARRAY) {
      throw json.invalid(field + " is not an array");
    }
    List<Long> numbers = new ArrayList<>(2);
    long count = 0;
    for (JsonToken token = json.next(); token != JsonToken.END_ARRAY; token = json.next()) {
      long number = json.unsigned(token, field);
      if (++count <= most) {
        json.keep(DIMENSION_BYTES);
        numbers.add(number);
      }
    }
    if (count > most) {
      throw json.invalid(
          "%s has %d numbers, %s"
              .formatted(field, count, most == 2 ? "not 2" : "more than " + most + " dimensions"));
    }
    if (most == 2 && count < most) {
      throw json.invalid(field + " has " + count + " numbers, not 2");
    }
    return List.copyOf(numbers);
  }

  /** One tensor as the header has it, not yet believed. */
  record Entry(DType dtype, List<Long> shape, long begin, long end) {}
}
