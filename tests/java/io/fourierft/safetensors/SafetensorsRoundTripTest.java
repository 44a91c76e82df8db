package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What is written is read again: every dtype, any shape, any name, at any offset. */
class SafetensorsRoundTripTest {
  @Provide
  Arbitrary<List<TensorDeclaration>> tensors() {
    return tensor().list().uniqueElements(TensorDeclaration::name).ofMaxSize(12);
  }

  private static Arbitrary<TensorDeclaration> tensor() {
    return Combinators.combine(names(), Arbitraries.of(DType.class), shapes())
        .as(
            (name, dtype, shape) -> {
              if (dtype.bits() % 8 == 0) {
                return new TensorDeclaration(name, dtype, shape);
              }
              // Four elements of any size end at a byte boundary.
              List<Long> whole = new ArrayList<>(shape);
              whole.add(4L);
              return new TensorDeclaration(name, dtype, whole);
            });
  }

  private static Arbitrary<List<Long>> shapes() {
    return Arbitraries.longs().between(0, 5).list().ofMaxSize(4);
  }

  private static Arbitrary<String> names() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "", "../../x", "C:\\x", "a\"b", "\0", "\ud83d\ude00", "\u2028", "weight", "/"),
        text());
  }

  private static Arbitrary<String> text() {
    return Arbitraries.strings()
        .all()
        .ofMaxLength(10)
        .filter(text -> StrictJson.isWellFormed(text) && !text.equals("__metadata__"));
  }

  @Provide
  Arbitrary<Map<String, String>> metadata() {
    return Arbitraries.maps(text(), text()).ofMaxSize(4);
  }

  @Property(tries = 150, seed = "7127")
  void whatIsWrittenIsRead(
      @ForAll("tensors") List<TensorDeclaration> tensors,
      @ForAll("metadata") Map<String, String> metadata,
      @ForAll long seed)
      throws IOException {
    Path folder = Files.createTempDirectory("safetensors");
    Path path = folder.resolve("model.safetensors");
    Path copy = folder.resolve("copy.safetensors");
    try {
      Map<String, byte[]> contents = write(path, metadata, tensors, new Random(seed));
      try (var file = SafetensorsFile.open(path)) {
        requireEqual(tensors, metadata, contents, file);
        List<TensorDeclaration> sorted = SafetensorsWriter.referenceOrder(tensors);
        try (var writer = SafetensorsWriter.create(copy, file.metadata(), sorted)) {
          for (TensorDeclaration tensor : sorted) {
            writer.copy(tensor.name(), file);
          }
          writer.commit();
        }
        try (var copied = SafetensorsFile.open(copy)) {
          requireEqual(sorted, metadata, contents, copied);
        }
      }
    } finally {
      Files.deleteIfExists(copy);
      Files.deleteIfExists(path);
      Files.delete(folder);
    }
  }

  private static Map<String, byte[]> write(
      Path path, Map<String, String> metadata, List<TensorDeclaration> tensors, Random random)
      throws IOException {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    try (var writer = SafetensorsWriter.create(path, metadata, tensors)) {
      for (TensorDeclaration tensor : tensors) {
        byte[] content = new byte[(int) tensor.sizeInBytes()];
        random.nextBytes(content);
        contents.put(tensor.name(), content);
        for (int from = 0; from < content.length; ) {
          int length = 1 + random.nextInt(content.length - from);
          writer.write(tensor.name(), MemorySegment.ofArray(content).asSlice(from, length));
          from += length;
        }
      }
      writer.commit();
    }
    return contents;
  }

  private static void requireEqual(
      List<TensorDeclaration> tensors,
      Map<String, String> metadata,
      Map<String, byte[]> contents,
      SafetensorsFile file) {
    assertEquals(tensors, file.tensors().values().stream().map(TensorInfo::declaration).toList());
    assertEquals(metadata, file.metadata());
    contents.forEach(
        (name, content) ->
            assertEquals(-1, file.data(name).mismatch(MemorySegment.ofArray(content)), name));
  }
}
