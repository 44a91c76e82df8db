package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * One adapter whose delta is computed row by row in shared memory.
 *
 * @param line device address of the {@link LineStruct}
 * @param pairs device address of the pairs of bins that have entries
 * @param entries device address of the entries that are not the first of their pair
 * @param coefficient device address of c[k]
 * @param turns device address of the roots of unity of the rows
 * @param magic 2^64 - 1 over rows, rounded down
 * @param firstUnit units of the jobs before
 * @param target where the delta goes
 * @param rows M
 * @param cols N
 * @param scale factor on every c[k]
 * @param frequencies n
 * @param pairCount how many pairs of bins have entries
 */
public record LineDeltaJobStruct(
    long line,
    long pairs,
    long entries,
    long coefficient,
    long turns,
    long magic,
    long firstUnit,
    TargetStruct target,
    int rows,
    int cols,
    float scale,
    int frequencies,
    int pairCount)
    implements Struct {
  /** The struct {@code fourierft_line_delta_job}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("line"),
              ValueLayout.JAVA_LONG.withName("pairs"),
              ValueLayout.JAVA_LONG.withName("entries"),
              ValueLayout.JAVA_LONG.withName("coefficient"),
              ValueLayout.JAVA_LONG.withName("turns"),
              ValueLayout.JAVA_LONG.withName("magic"),
              ValueLayout.JAVA_LONG.withName("first_unit"),
              TargetStruct.LAYOUT.withName("target"),
              ValueLayout.JAVA_INT.withName("rows"),
              ValueLayout.JAVA_INT.withName("cols"),
              ValueLayout.JAVA_FLOAT.withName("scale"),
              ValueLayout.JAVA_INT.withName("frequencies"),
              ValueLayout.JAVA_INT.withName("pair_count"),
              ValueLayout.JAVA_INT.withName("reserved"))
          .withName("fourierft_line_delta_job");

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(line);
    to.putLong(pairs);
    to.putLong(entries);
    to.putLong(coefficient);
    to.putLong(turns);
    to.putLong(magic);
    to.putLong(firstUnit);
    target.write(to);
    to.putInt(rows);
    to.putInt(cols);
    to.putFloat(scale);
    to.putInt(frequencies);
    to.putInt(pairCount);
    to.putInt(0);
  }
}
