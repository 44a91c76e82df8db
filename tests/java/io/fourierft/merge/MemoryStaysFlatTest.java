package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.ChildJvm;
import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model far larger than the memory of the process that merges into it. */
class MemoryStaysFlatTest {
  private static final long GIBIBYTE = 1L << 30;
  private static final int SMALL = 64 * 64 * Float.BYTES;

  /** Memory that a Java of 256 MiB heap has at most, code and native parts included. */
  private static final long MOST_KIBIBYTES = 640 << 10;

  @TempDir Path folder;

  @Test
  @Tag("slow")
  void threeGibibytesMergeInAHeapOf256Mebibytes() throws Exception {
    assumeTrue(
        Files.getFileStore(folder).getUsableSpace() > 8 * GIBIBYTE, "not enough room on disk");
    Path base = Files.createDirectory(folder.resolve("base"));
    long length = writeSparseModel(base.resolve("model.safetensors"));
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            4,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, -2, 3, 4));
    Path out = folder.resolve("merged");
    try (ChildJvm child =
        ChildJvm.start(
            "",
            List.of("-Xmx256m"),
            LargeModelMerge.class,
            "merge",
            "--device=cpu",
            "--base",
            base,
            "--adapter",
            adapter,
            "--out",
            out,
            "--json")) {
      long start = System.nanoTime();
      String peak = child.await("peak KiB");
      child.finish();
      assertEquals(0, child.waitFor());
      long kibibytes = Long.parseLong(peak.replaceAll("\\D", ""));
      System.out.printf(
          "memory  merging 3 GiB under -Xmx256m: peak of the process %d MiB, %.1f s%n",
          kibibytes >> 10, (System.nanoTime() - start) / 1e9);
      assertTrue(kibibytes < MOST_KIBIBYTES, kibibytes + " KiB");
    }
    assertEquals(length, Files.size(out.resolve("model.safetensors")));
    try (SafetensorsFile merged = SafetensorsFile.open(out.resolve("model.safetensors"))) {
      assertEquals(1, merged.data("large.bf16").get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(2, merged.data("large.f32").get(ValueLayout.JAVA_BYTE, 3 * GIBIBYTE / 2 - 1));
    }
    double sum = 0;
    for (double element : ModelFiles.elements(out, "a.q_proj.weight")) {
      sum += element * element;
    }
    assertTrue(sum > 0, "the small weight was zero and is not any more");
    ModelFiles.delete(out);
  }

  /** Two tensors of 1.5 GiB around a small one; all zero but the first and the last byte. */
  private static long writeSparseModel(Path file) throws IOException {
    long large = 3 * GIBIBYTE / 2;
    String header =
        """
        {"large.bf16":{"dtype":"BF16","shape":[%d,1024],"data_offsets":[0,%d]},\
        "a.q_proj.weight":{"dtype":"F32","shape":[64,64],"data_offsets":[%d,%d]},\
        "large.f32":{"dtype":"F32","shape":[%d,1024],"data_offsets":[%d,%d]}}"""
            .formatted(
                large / 2048,
                large,
                large,
                large + SMALL,
                large / 4096,
                large + SMALL,
                2 * large + SMALL);
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    long dataStart = (long) Long.BYTES + text.length;
    ByteBuffer start = ByteBuffer.allocate((int) dataStart + 1).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(text.length).put(text).put((byte) 1).flip();
    long end = dataStart + 2 * large + SMALL;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(start);
      channel.write(ByteBuffer.wrap(new byte[] {2}), end - 1);
    }
    // The header that this library writes is padded, so that the data start at a multiple of 8.
    return end + (8 - dataStart % 8) % 8;
  }
}
