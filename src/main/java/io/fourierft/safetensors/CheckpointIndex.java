package io.fourierft.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import io.fourierft.internal.files.InputFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * A sharded checkpoint's {@code model.safetensors.index.json}: which file holds which tensor.
 *
 * @param metadata the values of {@code metadata} as JSON text, by key, in the file's order; {@code
 *     total_size} is among them
 * @param weightMap the shard's file name for each tensor name
 */
public record CheckpointIndex(Map<String, String> metadata, Map<String, String> weightMap) {
  /** The name that an index has beside its shards. */
  public static final String FILE_NAME = "model.safetensors.index.json";

  /** An index longer than this is refused, in bytes. */
  public static final int LONGEST = 100_000_000;

  /** What editors of Windows put before UTF-8; passed over. */
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private static final String TOTAL_SIZE = "total_size";

  /** Copies both maps and keeps their order. */
  public CheckpointIndex {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    weightMap = Collections.unmodifiableMap(new LinkedHashMap<>(weightMap));
  }

  /**
   * Reads an index and checks its form and every shard name, but not that the shards exist.
   *
   * @throws SafetensorsException if it breaks a rule
   * @throws IOException if it is missing or cannot be read
   */
  public static CheckpointIndex open(Path path) throws IOException {
    Optional<String> fault = InputFile.fault(path);
    if (fault.isPresent()) {
      throw new SafetensorsException(path, null, "this " + fault.get());
    }
    try (TensorSource source = SafetensorsFile.source(path)) {
      long length = source.length();
      if (length > LONGEST) {
        throw new SafetensorsException(
            path,
            null,
            String.format(
                Locale.ROOT, "index too large: it has %d bytes, the limit is %d", length, LONGEST));
      }
      Header.refuseLfsPointer(path, source);
      long start = startsWithByteOrderMark(source) ? BYTE_ORDER_MARK.length : 0;
      try (var input = new FileRangeInputStream(source, start, length - start);
          var json = new StrictJson(path, "index", input, LONGEST, HeapAllowance.ofThisMachine())) {
        return parse(path, json);
      }
    }
  }

  private static boolean startsWithByteOrderMark(TensorSource source) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(BYTE_ORDER_MARK.length);
    source.read(start, 0);
    return Arrays.equals(start.array(), BYTE_ORDER_MARK);
  }

  private static CheckpointIndex parse(Path path, StrictJson json) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, String> weightMap = null;
    Set<String> keys = new HashSet<>();
    json.openObject("the index");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      json.requireNew(keys.add(json.keep(key)), "key", key);
      switch (key) {
        case "metadata" -> parseMetadata(json, metadata);
        case "weight_map" -> weightMap = parseWeightMap(path, json);
        default -> json.skip(json.next());
      }
    }
    json.requireEnd();
    if (weightMap == null) {
      throw json.invalid("it has no weight_map");
    }
    return new CheckpointIndex(metadata, weightMap);
  }

  private static void parseMetadata(StrictJson json, Map<String, String> metadata)
      throws IOException {
    JsonToken first = json.next();
    if (first == JsonToken.VALUE_NULL) {
      return;
    }
    json.requireObject(first, "metadata");
    for (String key = json.nextName(); key != null; key = json.nextName()) {
      StringWriter text = new StringWriter();
      try (JsonGenerator generator = new JsonFactory().createGenerator(text)) {
        json.copyValue(generator);
      }
      json.requireNew(
          metadata.putIfAbsent(json.keep(key), text.toString()) == null, "metadata key", key);
    }
  }

  private static Map<String, String> parseWeightMap(Path path, StrictJson json) throws IOException {
    json.openObject("weight_map");
    Map<String, String> weightMap = new LinkedHashMap<>();
    Map<String, String> shards = new HashMap<>();
    for (String name = json.nextName(); name != null; name = json.nextName()) {
      json.inTensor(name);
      String shard = json.nextString("its shard");
      shard = shards.computeIfAbsent(shard, json::keep);
      ShardName.require(path, name, shard);
      json.requireNew(weightMap.putIfAbsent(json.keep(name), shard) == null, "tensor name", name);
      json.inTensor(null);
    }
    return weightMap;
  }

  /** The index's claim of the bytes of all tensors; empty where it makes none that is a number. */
  public OptionalLong totalSize() {
    String text = metadata.get(TOTAL_SIZE);
    try {
      return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException notAnInteger) {
      return OptionalLong.empty();
    }
  }

  /** An index of other shards that keeps this one's other metadata. */
  public CheckpointIndex withShards(long totalSize, Map<String, String> newWeightMap) {
    Map<String, String> kept = new LinkedHashMap<>(metadata);
    kept.put(TOTAL_SIZE, Long.toString(totalSize));
    return new CheckpointIndex(kept, newWeightMap);
  }

  /** An index with no metadata but {@code total_size}. */
  public static CheckpointIndex of(long totalSize, Map<String, String> weightMap) {
    return new CheckpointIndex(Map.of(TOTAL_SIZE, Long.toString(totalSize)), weightMap);
  }

  /**
   * Writes the index, the tensors sorted by name, into a temporary file that then takes {@code
   * target}'s place.
   *
   * @throws SafetensorsException if a shard name is unsafe or a tensor name cannot be expressed
   * @throws IOException if the file cannot be written; nothing is left behind
   */
  public void write(Path target) throws IOException {
    requireExpressible(target);
    try (ReplacementFile file = ReplacementFile.create(target)) {
      writeTo(Channels.newOutputStream(file.channel()));
      file.commit(true);
    }
  }

  /**
   * Writes the same to a stream, which stays open.
   *
   * @param target the file to be, for messages
   * @throws SafetensorsException as {@link #write(Path)}
   * @throws IOException if the stream fails
   */
  public void write(Path target, OutputStream output) throws IOException {
    requireExpressible(target);
    writeTo(output);
  }

  private void writeTo(OutputStream output) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(output)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8);
      json.setPrettyPrinter(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
              .withObjectIndenter(new DefaultIndenter("  ", "\n")));
      json.writeStartObject();
      json.writeObjectFieldStart("metadata");
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeFieldName(entry.getKey());
        json.writeRawValue(entry.getValue());
      }
      json.writeEndObject();
      json.writeObjectFieldStart("weight_map");
      Map<String, String> sorted = new TreeMap<>(ReferenceOrder.NAMES);
      sorted.putAll(weightMap);
      for (Map.Entry<String, String> entry : sorted.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
      json.writeRaw('\n');
    }
  }

  private void requireExpressible(Path target) throws IOException {
    for (Map.Entry<String, String> entry : weightMap.entrySet()) {
      String name = entry.getKey();
      ShardName.require(target, name, entry.getValue());
      if (!StrictJson.isWellFormed(name)) {
        throw new SafetensorsException(target, name, "its name has an unpaired surrogate");
      }
    }
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      String what = "metadata " + SafetensorsException.quote(entry.getKey());
      if (!StrictJson.isWellFormed(entry.getKey()) || !StrictJson.isWellFormed(entry.getValue())) {
        throw new SafetensorsException(target, null, what + " has an unpaired surrogate");
      }
      byte[] text = entry.getValue().getBytes(StandardCharsets.UTF_8);
      try (var json =
          new StrictJson(
              target,
              what,
              new ByteArrayInputStream(text),
              LONGEST,
              HeapAllowance.ofThisMachine())) {
        json.skip(json.next());
        json.requireEnd();
      }
    }
  }
}
