package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that cannot be mapped: in a zip file, and at a source that gives a few bytes at a time. */
class RangedReadingTest {
  private static final String HEADER =
      "{" + entry("a", "U8", "[5]", 0, 5) + "," + entry("b", "F32", "[2,2]", 5, 21) + "}";
  private static final byte[] A = {0, 1, 2, 3, 4};
  private static final byte[] B = {5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

  @TempDir Path folder;

  /** A source of at most three bytes a time, which counts its closings. */
  private static class Slow implements TensorSource {
    byte[] file;
    int closed;
    @Nullable IOException lengthFails;
    @Nullable IOException readFails;
    @Nullable IOException closeFails;
    @Nullable IOException mapFails;

    Slow(byte[] file) {
      this.file = file;
    }

    @Override
    public Path path() {
      return Path.of("far", "away.safetensors");
    }

    @Override
    public long length() throws IOException {
      if (lengthFails != null) {
        throw lengthFails;
      }
      return file.length;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      if (readFails != null) {
        throw readFails;
      }
      if (position >= file.length) {
        return -1;
      }
      int count = Math.min(Math.min(3, into.remaining()), file.length - (int) position);
      into.put(file, (int) position, count);
      return count;
    }

    @Override
    public Optional<MemorySegment> map(long position, long length, Arena arena) throws IOException {
      if (mapFails != null) {
        throw mapFails;
      }
      return Optional.empty();
    }

    @Override
    public void close() throws IOException {
      closed++;
      if (closeFails != null) {
        throw closeFails;
      }
    }
  }

  private static Slow slow() {
    return new Slow(FileBytes.of(HEADER, 21));
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void everyTensorIsReadWholeHoweverFewBytesComeAtATime() throws IOException {
    Slow source = slow();
    try (SafetensorsFile file = SafetensorsFile.open(source)) {
      assertEquals(source.path(), file.path());
      assertArrayEquals(A, bytes(file.data("a")));
      assertArrayEquals(B, bytes(file.data("b")));
      assertTrue(file.data("b").isReadOnly());
      assertArrayEquals(B, file.read("b", RangedReadingTest::bytes));
      assertTrue(file.<Boolean, RuntimeException>read("b", MemorySegment::isReadOnly));
      byte[] middle = new byte[9];
      file.copy("b", 4, MemorySegment.ofArray(middle));
      assertArrayEquals(Arrays.copyOfRange(B, 4, 13), middle);
      byte[] whole = new byte[B.length];
      file.load("b", MemorySegment.ofArray(whole));
      assertArrayEquals(B, whole);
      assertEquals(file.data("b").get(ValueLayout.JAVA_FLOAT, 8), file.matrix("b").get(1, 0));
      assertEquals(0, source.closed);
    }
    assertEquals(1, source.closed);
  }

  @Test
  void aZipFileIsReadByRangesAndWrittenFrom() throws IOException {
    try (FileSystem zip =
        FileSystems.newFileSystem(folder.resolve("all.zip"), Map.of("create", "true"))) {
      Path inside = Files.write(zip.getPath("/model.safetensors"), FileBytes.of(HEADER, 21));
      Path copy = folder.resolve("copy.safetensors");
      try (SafetensorsFile file = SafetensorsFile.open(inside);
          SafetensorsWriter writer =
              SafetensorsWriter.create(
                  copy,
                  file.metadata(),
                  file.tensors().values().stream().map(TensorInfo::declaration).toList())) {
        assertEquals(inside, file.path());
        assertArrayEquals(B, bytes(file.data("b")));
        writer.copy("a", file);
        writer.copy("b", file);
        writer.commit();
      }
      try (SafetensorsFile written = SafetensorsFile.open(copy)) {
        assertArrayEquals(A, bytes(written.data("a")));
        assertArrayEquals(B, bytes(written.data("b")));
      }
    }
  }

  /** More than one piece, in a channel of the caller's that takes what it likes. */
  @Test
  void aTensorOfManyPiecesPassesToAChannelWhole() throws IOException {
    int length = (5 << 20) + 3;
    String header = "{" + entry("w", "U8", "[" + length + "]", 0, length) + "}";
    byte[] content = FileBytes.of(header, length);
    try (FileSystem zip =
        FileSystems.newFileSystem(folder.resolve("all.zip"), Map.of("create", "true"))) {
      Path inside = Files.write(zip.getPath("/model.safetensors"), content);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      WritableByteChannel whole = Channels.newChannel(out);
      try (SafetensorsFile file = SafetensorsFile.open(inside);
          SafetensorsWriter writer =
              SafetensorsWriter.create(
                  Path.of("w.safetensors"),
                  whole,
                  file.metadata(),
                  List.of(file.tensor("w").declaration()))) {
        writer.copy("w", file);
        writer.commit();
      }
      byte[] written = out.toByteArray();
      assertEquals(
          -1,
          Arrays.mismatch(
              written,
              written.length - length,
              written.length,
              content,
              content.length - length,
              content.length));
    }
  }

  /** Takes so many bytes, then none any more. */
  private static WritableByteChannel channelWithRoomFor(int bytes) {
    return new WritableByteChannel() {
      private int room = bytes;

      @Override
      public int write(ByteBuffer source) {
        int taken = Math.min(room, source.remaining());
        source.position(source.position() + taken);
        room -= taken;
        return taken;
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  /** Within the header, within a copied tensor, within one that is written. */
  @Test
  void aChannelThatTakesNothingIsReportedAndNoEndlessLoop() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(slow())) {
      List<TensorDeclaration> one = List.of(file.tensor("a").declaration());
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      SafetensorsWriter.create(Path.of("x"), Channels.newChannel(header), Map.of(), one).close();
      for (int room : new int[] {0, 20, header.size(), header.size() + 2}) {
        for (boolean copied : new boolean[] {false, true}) {
          IOException failure =
              assertThrows(
                  IOException.class,
                  () -> {
                    try (SafetensorsWriter writer =
                        SafetensorsWriter.create(
                            Path.of("x"), channelWithRoomFor(room), Map.of(), one)) {
                      if (copied) {
                        writer.copy("a", file);
                      } else {
                        writer.write("a", MemorySegment.ofArray(A));
                      }
                    }
                  });
          String doing =
              room < header.size() ? "writing the header" : copied ? "copying" : "writing tensor";
          String message = String.valueOf(failure.getMessage());
          assertTrue(message.startsWith("x: " + doing), message);
          assertTrue(message.contains("takes no more bytes"), message);
        }
      }
    }
  }

  @Test
  void whatNoHeaderCanHoldIsRefusedBeforeTheChannelHasAnything() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TensorDeclaration twice = new TensorDeclaration("a", DType.U8, List.of(3L, 2L));
    assertEquals(6, twice.elementCount());
    assertThrows(
        SafetensorsException.class,
        () ->
            SafetensorsWriter.create(
                    Path.of("x"), Channels.newChannel(out), Map.of(), List.of(twice, twice))
                .close());
    assertEquals(0, out.size());
  }

  @Test
  void aStreamOverARangeEndsWithIt() throws IOException {
    Slow source = new Slow(new byte[] {7, -1, 0, 9});
    try (FileRangeInputStream stream = new FileRangeInputStream(source, 1, 2)) {
      assertEquals(255, stream.read());
      assertEquals(0, stream.read());
      assertEquals(-1, stream.read());
    }
    assertEquals(0, source.closed);
  }

  @Test
  void aRangeOutsideTheTensorIsRefusedThoughTheFileHasIt() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(slow())) {
      for (long offset : new long[] {-1, 4}) {
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> file.copy("a", offset, MemorySegment.ofArray(new byte[2])));
      }
      byte[] last = new byte[1];
      file.copy("a", 4, MemorySegment.ofArray(last));
      assertEquals(4, last[0]);
      for (int length : new int[] {A.length - 1, A.length + 1}) {
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> file.load("a", MemorySegment.ofArray(new byte[length])));
      }
    }
  }

  @Test
  void aFileThatBecameShorterIsRefusedWithWhatIsLeft() throws IOException {
    Slow source = slow();
    try (SafetensorsFile file = SafetensorsFile.open(source)) {
      int whole = source.file.length;
      source.file = Arrays.copyOf(source.file, whole - 1);
      String expected =
          "truncated while it was open: %d bytes are left of %d".formatted(whole - 1, whole);
      for (SafetensorsException refusal :
          List.of(
              assertThrows(SafetensorsException.class, () -> file.data("a")),
              assertThrows(SafetensorsException.class, () -> file.read("a", data -> 1)),
              assertThrows(
                  SafetensorsException.class,
                  () -> file.copy("a", 0, MemorySegment.ofArray(new byte[1]))),
              assertThrows(
                  SafetensorsException.class,
                  () -> file.load("a", MemorySegment.ofArray(new byte[A.length]))))) {
        assertTrue(refusal.rule().contains(expected), refusal.rule());
        assertEquals("a", refusal.tensor());
      }
    }
  }

  @Test
  void aSourceThatFailsIsNamedWithTheTensor() throws IOException {
    Slow source = slow();
    try (SafetensorsFile file = SafetensorsFile.open(source)) {
      source.readFails = new IOException("the line is dead");
      SafetensorsException unread = assertThrows(SafetensorsException.class, () -> file.data("b"));
      assertTrue(unread.rule().contains("the line is dead"), unread.rule());
      assertSame(source.readFails, unread.getCause());
      source.lengthFails = new IOException("nobody answers");
      SafetensorsException unseen = assertThrows(SafetensorsException.class, () -> file.data("b"));
      assertTrue(unseen.rule().contains("nobody answers"), unseen.rule());
    }
  }

  /** What the length says and no reading finds. */
  @Test
  void bytesThatDoNotComeAreRefusedWithTheirPlace() throws IOException {
    byte[] whole = FileBytes.of(HEADER, 21);
    Slow source =
        new Slow(whole) {
          @Override
          public long length() {
            return whole.length;
          }
        };
    try (SafetensorsFile file = SafetensorsFile.open(source)) {
      source.file = Arrays.copyOf(whole, whole.length - 2);
      SafetensorsException refusal = assertThrows(SafetensorsException.class, () -> file.data("b"));
      assertTrue(
          refusal.rule().contains("at byte " + (whole.length - 2) + " of the file"),
          refusal.rule());
      assertArrayEquals(A, bytes(file.data("a")));
    }
  }

  @Test
  void aSourceThatHoldsNoModelIsClosedAndEveryFailureIsTold() {
    Slow broken = new Slow(FileBytes.of("[]", 0));
    broken.closeFails = new IOException("it does not close");
    SafetensorsException refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(broken).close());
    assertEquals(1, broken.closed);
    assertEquals(List.of(broken.closeFails), List.of(refusal.getSuppressed()));
    Slow unmapped = slow();
    unmapped.mapFails = new IOException("no room");
    IOException failure =
        assertThrows(IOException.class, () -> SafetensorsFile.open(unmapped).close());
    assertSame(unmapped.mapFails, failure);
    assertEquals(1, unmapped.closed);
  }

  @Test
  void afterTheClosingNothingIsRead() throws IOException {
    Slow source = slow();
    SafetensorsFile file = SafetensorsFile.open(source);
    MemorySegment kept = file.data("a");
    file.close();
    file.close();
    assertEquals(1, source.closed);
    assertFalse(kept.scope().isAlive());
    assertThrows(SafetensorsException.class, () -> file.data("a"));
    SafetensorsException refusal =
        assertThrows(
            SafetensorsException.class,
            () -> file.copy("a", 0, MemorySegment.ofArray(new byte[1])));
    assertTrue(refusal.rule().contains("closed"), refusal.rule());
  }

  /** A use that is not ended would keep the file open for ever. */
  @Test
  void everyKindOfUseEndsSoThatTheClosingCloses() throws IOException {
    Slow source = slow();
    SafetensorsFile file = SafetensorsFile.open(source);
    file.data("a");
    file.read("a", data -> 1);
    file.copy("a", 0, MemorySegment.ofArray(new byte[2]));
    file.transfer(file.tensor("a"), Channels.newChannel(new ByteArrayOutputStream()));
    file.close();
    assertEquals(1, source.closed);
  }
}
