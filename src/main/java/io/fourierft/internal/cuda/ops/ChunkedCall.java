package io.fourierft.internal.cuda.ops;

import io.fourierft.cuda.NativeCallException;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Computes many items in chunks that fit the memory. A chunk that meets out-of-memory is halved and
 * tried again, down to one item, unless the caller may see some of it already: a sum would be added
 * twice. So work does all that can allocate before it {@linkplain WorkStream#beginOutput begins} to
 * write.
 *
 * @param shared what the engine's operations share
 * @param stream where it is enqueued
 * @param bytesPerItem scratch memory of one item, without cuFFT's work area
 * @param doing what is computed, for the message when even one item does not fit
 */
public record ChunkedCall(
    SharedResources shared, WorkStream stream, long bytesPerItem, Supplier<String> doing) {
  /** Computes items {@code first} to {@code first + count - 1}. */
  interface Chunk {
    void compute(int first, int count);
  }

  void run(int items, Chunk work) {
    run(items, items, work);
  }

  /** At most {@code most} together, even where more fit. */
  void run(int items, int most, Chunk work) {
    int fitting =
        shared.budget().chunk(items, bytesPerItem, stream.scratchBytes(), stream::availableBytes);
    int chunk = Math.min(fitting, most);
    boolean trimmed = false;
    int done = 0;
    while (done < items) {
      int count = Math.min(chunk, items - done);
      RuntimeException failure = attempt(work, done, count);
      if (failure == null) {
        done += count;
        continue;
      }
      if (count == 1 && trimmed) {
        throw MemoryShortage.of(stream.context(), doing.get(), bytesPerItem, failure);
      }
      stream.abandonChunk();
      stream.trim();
      shared.adapters().trim();
      trimmed = true;
      chunk = Math.max(1, count / 2);
    }
  }

  /** What was thrown, if it was for want of memory and may be tried again. */
  private @Nullable RuntimeException attempt(Chunk work, int first, int count) {
    stream.beginChunk();
    try {
      work.compute(first, count);
      stream.finishDownloads();
      return null;
    } catch (NativeCallException e) {
      if (!e.isOutOfMemory() || stream.hasOutputBegun()) {
        throw e;
      }
      return e;
    }
  }
}
