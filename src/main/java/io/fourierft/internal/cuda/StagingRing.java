package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Pinned host memory in a few pieces, through which everything between the host and one stream
 * travels, so that the copying of one piece by the CPU overlaps the transfer of another. Not
 * thread-safe; used with the context current.
 */
final class StagingRing implements AutoCloseable {
  /** Bytes of a piece: large enough for full PCIe speed, small enough to pin a few per stream. */
  static final long PIECE_BYTES = 4L << 20;

  private static final int PIECES = 4;

  private final CudaDriver driver;
  private final CudaContext context;
  private final long stream;
  private final @Nullable Piece[] pieces = new @Nullable Piece[PIECES];
  private int next;

  StagingRing(CudaContext context, long stream) {
    this.context = context;
    this.driver = context.driver();
    this.stream = stream;
  }

  /** Copies all of {@code from} to device memory. The host memory has been read on return. */
  void upload(HostRows from, long to) {
    try {
      for (long at = 0; at < from.bytes(); at += PIECE_BYTES) {
        long count = Math.min(PIECE_BYTES, from.bytes() - at);
        Piece piece = take();
        from.read(at, count, piece.memory);
        piece.inFlight = true;
        driver.memcpyHtoDAsync(to + at, piece.memory, count, stream);
        driver.eventRecord(piece.event, stream);
      }
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  /** Queues a copy of device memory to {@code to}, which holds it after {@link #finish}. */
  void download(long from, HostRows to) {
    try {
      for (long at = 0; at < to.bytes(); at += PIECE_BYTES) {
        long count = Math.min(PIECE_BYTES, to.bytes() - at);
        Piece piece = take();
        piece.inFlight = true;
        driver.memcpyDtoHAsync(piece.memory, from + at, count, stream);
        driver.eventRecord(piece.event, stream);
        piece.target = to;
        piece.targetOffset = at;
        piece.targetBytes = count;
      }
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  /** Waits for every queued download and stores it where it belongs. */
  void finish() {
    try {
      for (int i = 0; i < PIECES; i++) {
        Piece piece = pieces[(next + i) % PIECES];
        if (piece != null && piece.target != null) {
          settle(piece);
        }
      }
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  private Piece take() {
    Piece piece = pieces[next];
    if (piece == null) {
      piece = newPiece();
      pieces[next] = piece;
    } else {
      settle(piece);
    }
    next = (next + 1) % PIECES;
    return piece;
  }

  private Piece newPiece() {
    long event = driver.eventCreate(CudaDriver.EVENT_DISABLE_TIMING);
    boolean made = false;
    try {
      Piece piece = new Piece(driver.memAllocHost(PIECE_BYTES), event);
      made = true;
      return piece;
    } finally {
      if (!made) {
        context.quietly(() -> driver.eventDestroy(event));
      }
    }
  }

  private void settle(Piece piece) {
    if (piece.inFlight) {
      driver.eventSynchronize(piece.event);
      piece.inFlight = false;
    }
    HostRows target = piece.target;
    if (target != null) {
      piece.target = null;
      target.write(piece.targetOffset, piece.targetBytes, piece.memory);
    }
  }

  /** Forgets what is queued, after a failure; nothing may still be copying when it returns. */
  void abandon() {
    context.quietly(() -> driver.streamSynchronize(stream));
    for (Piece piece : pieces) {
      if (piece != null) {
        piece.inFlight = false;
        piece.target = null;
      }
    }
  }

  @Override
  public void close() {
    for (int i = 0; i < PIECES; i++) {
      Piece piece = pieces[i];
      pieces[i] = null;
      if (piece != null) {
        context.quietly(() -> driver.streamSynchronize(stream));
        context.quietly(() -> driver.eventDestroy(piece.event));
        context.quietly(() -> driver.memFreeHost(piece.memory));
      }
    }
  }

  /** One pinned piece, the event behind its last copy, and where that copy's bytes are to go. */
  private static final class Piece {
    final MemorySegment memory;
    final long event;
    boolean inFlight;
    @Nullable HostRows target;
    long targetOffset;
    long targetBytes;

    Piece(MemorySegment memory, long event) {
      this.memory = memory;
      this.event = event;
    }
  }
}
