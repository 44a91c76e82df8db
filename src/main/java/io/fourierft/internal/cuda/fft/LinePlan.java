package io.fourierft.internal.cuda.fft;

import io.fourierft.internal.cuda.struct.ComplexStruct;
import io.fourierft.internal.cuda.struct.LineStruct;
import io.fourierft.internal.cuda.struct.PairStruct;
import io.fourierft.internal.cuda.struct.PassStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.RootsOfUnity;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the kernels of {@code native/include/fourierft_lines.h} transform lines of one length in
 * shared memory: radices, and the tables that the device reads. Immutable.
 */
public final class LinePlan {
  /** FOURIERFT_LARGEST_RADIX. */
  public static final int LARGEST_RADIX = 1021;

  /** FOURIERFT_LINE_BLOCK: the most threads of a block. */
  public static final int MOST_THREADS = 512;

  /** FOURIERFT_LINE_PAD: one number is left free after so many. */
  public static final int PAD = 16;

  /** FOURIERFT_LINE_TOKENS: the most lines of a block. */
  public static final int MOST_LINES = 4;

  /** Beyond this radix the sums by the definition cost more than cuFFT's passes. */
  private static final int LARGEST_CHEAP_RADIX = 61;

  private static final int FEWEST_THREADS = 64;

  /** FOURIERFT_ROW_RADIX: the largest power of two among the radices of a delta's rows. */
  public static final int ROW_RADIX = 8;

  /** FOURIERFT_TOKEN_RADIX: the same of tokens. */
  public static final int TOKEN_RADIX = 16;

  /** Radices that are computed in registers; other odd ones are sums by the definition. */
  private static final List<Integer> REGISTERS = List.of(3, 5, 7);

  private final int features;
  private final boolean halved;
  private final int points;
  private final int mostTwos;
  private final int[] radices;
  private final int[] firstBins;

  private LinePlan(int features, boolean halved, int mostTwos) {
    this.features = features;
    this.halved = halved;
    this.points = halved ? features / 2 : features;
    this.mostTwos = mostTwos;
    this.radices = radices(points, mostTwos);
    // By their place in the line, so that neighbouring threads meet neighbouring places.
    this.firstBins =
        IntStream.rangeClosed(0, points / 2)
            .boxed()
            .sorted(Comparator.comparingInt(this::position))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /** Rows of a delta: complex lines, which hold two rows at a time. */
  public static LinePlan ofRows(int length) {
    return new LinePlan(length, false, ROW_RADIX);
  }

  /** Tokens: of an even length, two real numbers in one complex one. */
  public static LinePlan ofTokens(int length) {
    return new LinePlan(length, length % 2 == 0, TOKEN_RADIX);
  }

  /** Whether a line of {@code length} numbers has radices that are small enough. */
  public static boolean isServed(int length) {
    return largestPrime(length) <= LARGEST_RADIX;
  }

  /** Whether a line of {@code length} numbers is transformed in less than what cuFFT takes. */
  public static boolean isCheap(long length) {
    return length <= Integer.MAX_VALUE && largestPrime((int) length) <= LARGEST_CHEAP_RADIX;
  }

  /** Complex numbers of the line of a token. */
  public static long tokenPoints(long features) {
    return features % 2 == 0 ? features / 2 : features;
  }

  /** The largest prime factor; 1 of 1. */
  public static int largestPrime(int length) {
    int largest = 1;
    int rest = length;
    for (int prime = 2; (long) prime * prime <= rest; prime++) {
      for (; rest % prime == 0; rest /= prime) {
        largest = prime;
      }
    }
    return Math.max(largest, rest);
  }

  /** Odd primes from the largest down, then powers of two up to the most, the largest last. */
  private static int[] radices(int points, int mostTwos) {
    List<Integer> all = new ArrayList<>();
    int twos = Integer.numberOfTrailingZeros(points);
    int odd = points >> twos;
    for (int prime = 3; odd > 1; prime += 2) {
      for (; odd % prime == 0; odd /= prime) {
        all.add(prime);
      }
    }
    Collections.reverse(all);
    int passes = Math.ceilDiv(twos, Integer.numberOfTrailingZeros(mostTwos));
    for (int i = 0; i < passes; i++) {
      all.add(1 << (twos / passes + (i >= passes - twos % passes ? 1 : 0)));
    }
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Complex numbers of a line. */
  public int points() {
    return points;
  }

  /** Whether a complex number holds two real ones. */
  public boolean isHalved() {
    return halved;
  }

  /** The first bin of each pair, in the order of the pairs. */
  public int[] firstBins() {
    return firstBins.clone();
  }

  /** Where the forward transform leaves a frequency. */
  public int position(int frequency) {
    int at = 0;
    int rest = frequency;
    int span = points;
    for (int radix : radices) {
      span /= radix;
      at += rest % radix * span;
      rest /= radix;
    }
    return at;
  }

  /** What an entry reads for a bin of the half spectrum, or for its conjugate. */
  public int source(int bin, boolean conjugate) {
    if (bin == 0) {
      return 2;
    }
    if (halved && bin == points) {
      return 3;
    }
    return 4 * position(bin) + (conjugate ? 1 : 0);
  }

  /** FOURIERFT_LINE_BYTES: shared memory of so many lines. */
  public long sharedBytes(int lines) {
    return sharedBytes((long) lines * points);
  }

  /** The most numbers that fit so many bytes. */
  public static long mostPoints(long bytes) {
    long numbers = bytes / ComplexStruct.BYTES;
    while (numbers > 0 && sharedBytes(numbers) > bytes) {
      numbers--;
    }
    return numbers;
  }

  /** FOURIERFT_LINE_BYTES: shared memory of so many complex numbers. */
  public static long sharedBytes(long numbers) {
    return (numbers + numbers / PAD + 1) / 2 * 2 * ComplexStruct.BYTES;
  }

  /** A good number of threads for a block that works on so many lines at a time. */
  public int threads(int lines) {
    // So that one pass of the largest radix is one round.
    long wanted = (long) lines * points / mostTwos;
    int threads = FEWEST_THREADS;
    int least = points > 1 ? largestPrime(points) / 2 + 1 : 1;
    while (threads < MOST_THREADS && (threads < wanted || threads < least)) {
      threads *= 2;
    }
    return threads;
  }

  /** The plan and its tables, as the device reads them. */
  public byte[] image() {
    StructTable passes = new StructTable(PassStruct.LAYOUT, radices.length);
    List<float[]> twiddles = new ArrayList<>();
    int count = 0;
    int span = points;
    for (int radix : radices) {
      int block = span;
      span /= radix;
      float[] turns = span == 1 ? new float[0] : turns(radix, span, block);
      boolean direct = radix % 2 != 0 && !REGISTERS.contains(radix);
      float[] roots = direct ? turns(2, radix, radix) : new float[0];
      int rootsAt = count + turns.length / 2;
      passes.add(new PassStruct(radix, span, magic(span), count, rootsAt));
      count = rootsAt + roots.length / 2;
      twiddles.add(turns);
      twiddles.add(roots);
    }
    int passesAt = Math.toIntExact(LineStruct.LAYOUT.byteSize());
    int twiddlesAt = passesAt + radices.length * Math.toIntExact(PassStruct.LAYOUT.byteSize());
    int pairsAt = (twiddlesAt + count * (int) ComplexStruct.BYTES + 15) / 16 * 16;
    int bytes = pairsAt + firstBins.length * Math.toIntExact(PairStruct.LAYOUT.byteSize());
    ByteBuffer image = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    image.put(
        StructTable.of(
            new LineStruct(
                features,
                points,
                halved ? 1 : 0,
                radices.length,
                firstBins.length,
                passesAt,
                twiddlesAt,
                pairsAt,
                bytes)));
    image.put(passes.finish());
    for (float[] part : twiddles) {
      for (float value : part) {
        image.putFloat(value);
      }
    }
    return image.position(pairsAt).put(pairs()).array();
  }

  /** The numbers {@code e^{-2πi·q·j/length}} for q from 1 and all j below {@code span}. */
  private static float[] turns(int radix, int span, int length) {
    float[] turns = new float[2 * (radix - 1) * span];
    int at = 0;
    for (long q = 1; q < radix; q++) {
      for (long j = 0; j < span; j++) {
        turns[at++] = (float) RootsOfUnity.cosine(-q * j, length);
        turns[at++] = (float) RootsOfUnity.sine(-q * j, length);
      }
    }
    return turns;
  }

  private static int magic(int span) {
    return span == 1 ? 0 : (int) (((1L << 32) + span - 1) / span);
  }

  private byte[] pairs() {
    StructTable pairs = new StructTable(PairStruct.LAYOUT, firstBins.length);
    for (int bin : firstBins) {
      pairs.add(
          new PairStruct(
              (float) RootsOfUnity.cosine(-bin, 2L * points),
              (float) RootsOfUnity.sine(-bin, 2L * points),
              position(bin),
              position(bin == 0 ? 0 : points - bin)));
    }
    return pairs.finish();
  }
}
