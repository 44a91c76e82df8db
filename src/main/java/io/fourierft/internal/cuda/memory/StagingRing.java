package io.fourierft.internal.cuda.memory;

import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Pinned host memory in a few pieces, through which everything between the host and one stream
 * travels, so that the copying of one piece by the CPU overlaps the transfer of another. Small
 * uploads share a piece, so that a few bytes for every step do not wait for the steps before. Not
 * thread-safe; used with the context current.
 */
public final class StagingRing implements AutoCloseable {
  /** Bytes of a piece: large enough for full PCIe speed, small enough to pin a few per stream. */
  static final long PIECE_BYTES = 4L << 20;

  private static final int PIECES = 4;

  /** Where uploads that share a piece begin: at whole cache lines. */
  private static final long ALIGNMENT = 64;

  private final CudaDriver driver;
  private final CudaContext context;
  private final long stream;
  private final @Nullable Piece[] pieces = new @Nullable Piece[PIECES];
  private @Nullable Piece filling;
  private int next;
  private boolean written;

  public StagingRing(CudaContext context, long stream) {
    this.context = context;
    this.driver = context.driver();
    this.stream = stream;
  }

  /** The CUstream. */
  long stream() {
    return stream;
  }

  /** A new chunk of work, of which no download has been stored yet. */
  public void beginChunk() {
    written = false;
  }

  /** Whether a download of the present chunk was stored where it belongs. */
  public boolean hasWritten() {
    return written;
  }

  /** Copies all of {@code from} to device memory. The host memory has been read on return. */
  public void upload(HostBytes from, DeviceBytes to) {
    try {
      long at = 0;
      while (at < from.bytes()) {
        DeviceBytes part = to.part(at, PIECE_BYTES);
        Piece piece = pieceFor(part.bytes());
        MemorySegment place = piece.memory.asSlice(piece.used, part.bytes());
        from.read(at, part.bytes(), place);
        piece.used += (part.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        piece.inFlight = true;
        send(place, part);
        driver.eventRecord(piece.event, stream);
        at += part.bytes();
      }
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  private void send(MemorySegment from, DeviceBytes to) {
    if (to.rows() == 1) {
      driver.memcpyHtoDAsync(to.pointer(), from, to.rowBytes(), stream);
    } else {
      driver.memcpy2DHtoDAsync(to.pointer(), to.pitch(), from, to.rowBytes(), to.rows(), stream);
    }
  }

  /** Queues a copy of device memory to {@code to}, which holds it after {@link #finish}. */
  public void download(DeviceBytes from, HostBytes to) {
    try {
      long at = 0;
      while (at < to.bytes()) {
        DeviceBytes part = from.part(at, PIECE_BYTES);
        Piece piece = take();
        piece.inFlight = true;
        fetch(part, piece.memory);
        driver.eventRecord(piece.event, stream);
        piece.target = to;
        piece.targetOffset = at;
        piece.targetBytes = part.bytes();
        at += part.bytes();
      }
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  private void fetch(DeviceBytes from, MemorySegment to) {
    if (from.rows() == 1) {
      driver.memcpyDtoHAsync(to, from.pointer(), from.rowBytes(), stream);
    } else {
      driver.memcpy2DDtoHAsync(
          to, from.pointer(), from.pitch(), from.rowBytes(), from.rows(), stream);
    }
  }

  /** Waits for every queued download and stores it where it belongs. */
  public void finish() {
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

  /** A piece with room for an upload: that of the one before, or the next. */
  private Piece pieceFor(long bytes) {
    Piece piece = filling;
    if (piece == null || PIECE_BYTES - piece.used < bytes) {
      piece = take();
      filling = piece;
    }
    return piece;
  }

  private Piece take() {
    Piece piece = pieces[next];
    if (piece == filling) {
      filling = null;
    }
    if (piece == null) {
      piece = newPiece();
      pieces[next] = piece;
    } else {
      settle(piece);
    }
    next = (next + 1) % PIECES;
    piece.used = 0;
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
        context.release(() -> driver.eventDestroy(event));
      }
    }
  }

  private void settle(Piece piece) {
    if (piece.inFlight) {
      driver.eventSynchronize(piece.event);
      piece.inFlight = false;
    }
    HostBytes target = piece.target;
    if (target != null) {
      piece.target = null;
      written = true;
      target.write(piece.targetOffset, piece.targetBytes, piece.memory);
    }
  }

  /** Forgets what is queued, after a failure; nothing may still be copying when it returns. */
  public void abandon() {
    context.quietly(() -> driver.streamSynchronize(stream));
    filling = null;
    for (Piece piece : pieces) {
      if (piece != null) {
        piece.inFlight = false;
        piece.target = null;
      }
    }
  }

  @Override
  public void close() {
    filling = null;
    for (int i = 0; i < PIECES; i++) {
      Piece piece = pieces[i];
      pieces[i] = null;
      if (piece != null) {
        context.quietly(() -> driver.streamSynchronize(stream));
        context.release(() -> driver.eventDestroy(piece.event));
        context.release(() -> driver.memFreeHost(piece.memory));
      }
    }
  }

  /** One pinned piece: the event behind its last copy, and uploads or one download's target. */
  private static final class Piece {
    final MemorySegment memory;
    final long event;
    boolean inFlight;
    long used;
    @Nullable HostBytes target;
    long targetOffset;
    long targetBytes;

    Piece(MemorySegment memory, long event) {
      this.memory = memory;
      this.event = event;
    }
  }
}
