package io.fourierft.internal.cuda.struct;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * What the callbacks of one execution of a plan know.
 *
 * @param adapters device address of the {@link AdapterStruct}s
 * @param operators device address of the {@link OperatorStruct}s
 * @param targets device address of the {@link TargetStruct}s
 * @param columns device address of the compact columns
 * @param rows M
 * @param cols N
 * @param slots columns of an adapter; 0 unless pruned
 * @param loadInner elements of a line of the plan's input
 * @param loadMiddle lines of an adapter's input
 * @param storeInner reals of a line of the output
 */
public record CallbackInfoStruct(
    long adapters,
    long operators,
    long targets,
    long columns,
    long rows,
    long cols,
    long slots,
    DivisorStruct loadInner,
    DivisorStruct loadMiddle,
    DivisorStruct storeInner)
    implements Struct {
  /** The struct {@code fourierft_callback_info}. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
              ValueLayout.JAVA_LONG.withName("adapters"),
              ValueLayout.JAVA_LONG.withName("operators"),
              ValueLayout.JAVA_LONG.withName("targets"),
              ValueLayout.JAVA_LONG.withName("columns"),
              ValueLayout.JAVA_LONG.withName("rows"),
              ValueLayout.JAVA_LONG.withName("cols"),
              ValueLayout.JAVA_LONG.withName("slots"),
              DivisorStruct.LAYOUT.withName("load_inner"),
              DivisorStruct.LAYOUT.withName("load_middle"),
              DivisorStruct.LAYOUT.withName("store_inner"))
          .withName("fourierft_callback_info");

  /** The same for a plan with another input. */
  public CallbackInfoStruct loading(DivisorStruct inner, DivisorStruct middle) {
    return new CallbackInfoStruct(
        adapters, operators, targets, columns, rows, cols, slots, inner, middle, storeInner);
  }

  @Override
  public StructLayout layout() {
    return LAYOUT;
  }

  @Override
  public void write(ByteBuffer to) {
    to.putLong(adapters)
        .putLong(operators)
        .putLong(targets)
        .putLong(columns)
        .putLong(rows)
        .putLong(cols)
        .putLong(slots);
    loadInner.write(to);
    loadMiddle.write(to);
    storeInner.write(to);
  }
}
