package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.bulk.BulkFixture;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.SafetensorsException;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A base and adapters that cannot be mapped: in a zip file, and at a source of a test's own. */
class RangedBaseTest {
  private static final String SHARD = "model-00001-of-00002.safetensors";
  private static final String WEIGHT = "model.layers.0.self_attn.q_proj.weight";

  @TempDir Path folder;

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  private static Map<String, byte[]> write(
      FourierEngine engine, Path base, List<Path> adapters, MergeOptions options)
      throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (OpenBase open = OpenBase.open(base)) {
      ShardedMerge merge = ShardedMerge.plan(open, adapters, options);
      for (String file : merge.weightFiles()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        merge.write(engine, file, Channels.newChannel(out));
        files.put(file, out.toByteArray());
      }
      for (String file : merge.otherFiles()) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        merge.writeOther(file, out);
        files.put(file, out.toByteArray());
      }
    }
    return files;
  }

  /** By ranges and file by file, all bytes are those of a merge of mapped files. */
  @Test
  void everythingIsAsIfItWereMapped() throws IOException {
    Path base = BulkFixture.base(folder.resolve("base"));
    Path adapter = BulkFixture.adapter(folder.resolve("adapter"), 2024, 5);
    try (FileSystem zip =
            FileSystems.newFileSystem(folder.resolve("all.zip"), Map.of("create", "true"));
        FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"))) {
      copy(base, zip.getPath("/base"));
      copy(adapter, zip.getPath("/adapter"));
      for (MergeOptions options :
          List.of(
              MergeOptions.defaults(),
              MergeOptions.defaults()
                  .withDtype(io.fourierft.ElementType.F16)
                  .withMaxShardSizeInBytes(1000L))) {
        Path out = folder.resolve("out");
        ModelMerge.run(
            engine,
            base,
            List.of(adapter),
            out,
            options.withOverwrite(true),
            ProgressListener.NONE);
        Map<String, byte[]> files =
            write(engine, zip.getPath("/base"), List.of(zip.getPath("/adapter")), options);
        assertEquals(BulkFixture.files(out).keySet(), files.keySet());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
          assertArrayEquals(
              Files.readAllBytes(out.resolve(file.getKey())), file.getValue(), file.getKey());
        }
      }
      Path deltas = folder.resolve("deltas.safetensors");
      DeltaExport.write(
          engine, base, adapter, deltas, false, ResolveOptions.defaults(), ProgressListener.NONE);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (OpenBase open = OpenBase.open(zip.getPath("/base"))) {
        AdapterDeltas found =
            AdapterDeltas.of(open.bind(zip.getPath("/adapter"), ResolveOptions.defaults()));
        try (SafetensorsWriter writer =
            DeltaExport.writer(deltas, Channels.newChannel(bytes), found)) {
          found.writeTo(engine, writer, 1, ProgressListener.NONE);
          writer.commit();
        }
      }
      assertArrayEquals(Files.readAllBytes(deltas), bytes.toByteArray());
    }
  }

  /** Bytes on the heap that give at most a few at a time, and count what was asked for. */
  private static final class Slow implements TensorSource {
    private final byte[] bytes;
    private final AtomicLong read = new AtomicLong();
    private long length;
    private boolean closed;

    Slow(byte[] bytes) {
      this.bytes = bytes;
      this.length = bytes.length;
    }

    @Override
    public Path path() {
      return Path.of("slow");
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public int read(ByteBuffer into, long position) {
      int count = (int) Math.min(Math.min(7, into.remaining()), bytes.length - position);
      if (count <= 0) {
        return -1;
      }
      into.put(bytes, (int) position, count);
      read.addAndGet(count);
      return count;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private Slow slow() throws IOException {
    return new Slow(Files.readAllBytes(BulkFixture.base(folder.resolve("base")).resolve(SHARD)));
  }

  @Test
  void onlyTheHeaderAndWhatIsAskedForIsRead() throws IOException {
    Slow source = slow();
    try (SafetensorsFile file = SafetensorsFile.open(source);
        SafetensorsFile mapped = SafetensorsFile.open(folder.resolve("base").resolve(SHARD));
        Arena arena = Arena.ofConfined()) {
      long header = source.read.get();
      assertTrue(header < 1200, "bytes of the header: " + header);
      byte[] whole = mapped.data(WEIGHT).toArray(ValueLayout.JAVA_BYTE);
      byte[] got =
          file.<byte[], RuntimeException>read(WEIGHT, data -> data.toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(whole, got);
      assertEquals(header + whole.length, source.read.get());
      MemorySegment part = arena.allocate(100);
      file.copy(WEIGHT, 40, part);
      assertEquals(header + whole.length + 100, source.read.get());
      assertEquals(mapped.data(WEIGHT).asSlice(40, 100).mismatch(part), -1);
      assertEquals(-1, mapped.data(WEIGHT).mismatch(file.data(WEIGHT)));
      assertThrows(
          IndexOutOfBoundsException.class, () -> file.copy(WEIGHT, whole.length - 99, part));
      assertTrue(file.data(WEIGHT).isReadOnly());
    }
    assertTrue(source.closed);
  }

  @Test
  void theChecksOfMappedFilesHoldHereToo() throws IOException {
    Slow cut = slow();
    try (SafetensorsFile file = SafetensorsFile.open(cut)) {
      cut.length = cut.bytes.length - 1L;
      SafetensorsException e = assertThrows(SafetensorsException.class, () -> file.data(WEIGHT));
      assertTrue(e.rule().contains("truncated while it was open"), e.rule());
      file.close();
      assertTrue(
          assertThrows(SafetensorsException.class, () -> file.data(WEIGHT))
              .rule()
              .contains("closed"));
    }
    Slow broken = slow();
    broken.bytes[9] = '!';
    assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(broken));
    assertTrue(broken.closed);
    Slow lies = new Slow(new byte[4]);
    lies.length = 1000;
    assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(lies));
  }
}
