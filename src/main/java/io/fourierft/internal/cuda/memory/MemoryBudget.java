package io.fourierft.internal.cuda.memory;

import io.fourierft.FourierException;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How much scratch memory one call may take, which decides into how many chunks it is cut.
 *
 * @param mostBytes the limit, if the device has that much to spare
 * @param mostAdapters how many ΔW may be computed together, however much memory there is
 */
public record MemoryBudget(long mostBytes, int mostAdapters) {
  /** Property that sets the limit: bytes, or a number with K, M or G (powers of 1024). */
  public static final String PROPERTY = "fourierft.cuda.scratch";

  /** Property that sets how many ΔW are computed together at most; without it, what fits. */
  public static final String CHUNK_PROPERTY = "fourierft.cuda.chunk";

  /** Beyond this a larger chunk fills the largest GPU no better. */
  private static final long DEFAULT_BYTES = 4L << 30;

  /** Chunks below this are not worth a question to the driver. */
  private static final long SMALL_BYTES = 64L << 20;

  /** A limit of memory alone. */
  public MemoryBudget(long mostBytes) {
    this(mostBytes, Integer.MAX_VALUE);
  }

  /** The limits of {@link #PROPERTY} and {@link #CHUNK_PROPERTY}, or the defaults. */
  public static MemoryBudget fromProperty() {
    String given = System.getProperty(PROPERTY);
    String adapters = System.getProperty(CHUNK_PROPERTY);
    return new MemoryBudget(
        given == null ? DEFAULT_BYTES : parse(given),
        adapters == null ? Integer.MAX_VALUE : count(adapters));
  }

  private static int count(String given) {
    try {
      int count = Integer.parseInt(given.strip());
      if (count > 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      throw notACount(given);
    }
    throw notACount(given);
  }

  private static FourierException notACount(String given) {
    return new FourierException(
        CHUNK_PROPERTY + "=" + given + " is no number of adapters; give 1 or more");
  }

  /**
   * Reads a size.
   *
   * @throws FourierException if it is none
   */
  public static long parse(String given) {
    String text = given.strip().toUpperCase(Locale.ROOT);
    int shift =
        switch (text.isEmpty() ? ' ' : text.charAt(text.length() - 1)) {
          case 'K' -> 10;
          case 'M' -> 20;
          case 'G' -> 30;
          default -> 0;
        };
    try {
      long number = Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1));
      long bytes = Math.multiplyExact(number, 1L << shift);
      if (bytes > 0) {
        return bytes;
      }
    } catch (NumberFormatException | ArithmeticException e) {
      throw notASize(given);
    }
    throw notASize(given);
  }

  private static FourierException notASize(String given) {
    return new FourierException(
        PROPERTY + "=" + given + " is not a size; give bytes, or a number with K, M or G");
  }

  /**
   * How many of {@code items} to compute together; at least one.
   *
   * @param held bytes of scratch that the stream has
   * @param available bytes that it could have; asked for only if it matters
   */
  public int chunk(int items, long bytesPerItem, long held, LongSupplier available) {
    long each = Math.max(bytesPerItem, 1);
    long wanted = saturatingProduct(each, items);
    if (wanted <= Math.min(mostBytes, Math.max(held, SMALL_BYTES))) {
      return items;
    }
    // Half, because cuFFT's work area may be as large as the data.
    long most = Math.min(mostBytes, available.getAsLong() / 2);
    return Math.clamp(Math.max(most, Math.min(held, mostBytes)) / each, 1, items);
  }

  private static long saturatingProduct(long a, long b) {
    long high = Math.multiplyHigh(a, b);
    return high == 0 && a * b >= 0 ? a * b : Long.MAX_VALUE;
  }
}
