package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.MemoryOwner;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdamwStruct;
import io.fourierft.internal.cuda.struct.DecisionStruct;
import io.fourierft.internal.cuda.struct.ParameterStruct;
import io.fourierft.internal.cuda.struct.ProgressStruct;
import io.fourierft.internal.cuda.struct.RatesStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import java.util.List;

/**
 * The device memory of an optimiser: progress, decision, settings and rates, the sums of squares of
 * all segments, and the two moments.
 */
final class AdamWMemory implements MemoryOwner {
  private static final long PROGRESS = ProgressStruct.LAYOUT.byteSize();
  private static final long DECISION = DecisionStruct.LAYOUT.byteSize();
  private static final long SETTINGS = AdamwStruct.LAYOUT.byteSize();
  private static final long RATES = RatesStruct.LAYOUT.byteSize();

  private final List<TrainedTensor> tensors;
  private final int groups;
  private final long[] firstElement;
  private final long units;
  private final DeviceBlock block;
  private final byte[] table;

  private AdamWMemory(
      List<TrainedTensor> tensors, int groups, long[] firstElement, long units, DeviceBlock block) {
    this.tensors = tensors;
    this.groups = groups;
    this.firstElement = firstElement;
    this.units = units;
    this.block = block;
    this.table = table();
  }

  /** Takes memory, contents undefined. */
  static AdamWMemory allocate(WorkStream stream, List<TrainedTensor> tensors, int groups) {
    long[] firstElement = new long[tensors.size() + 1];
    long units = 0;
    for (int i = 0; i < tensors.size(); i++) {
      long elements = tensors.get(i).elements();
      firstElement[i + 1] = firstElement[i] + elements;
      units += Kernel.groups(elements, Kernel.SEGMENT);
    }
    long bytes =
        fixedBytes(groups) + Double.BYTES * units + 2L * Float.BYTES * firstElement[tensors.size()];
    DeviceBlock block = DeviceBlock.allocate(stream.context(), bytes);
    return new AdamWMemory(List.copyOf(tensors), groups, firstElement, units, block);
  }

  private static long fixedBytes(int groups) {
    return PROGRESS + DECISION + SETTINGS + RATES * groups;
  }

  private byte[] table() {
    StructTable all = new StructTable(ParameterStruct.LAYOUT, tensors.size());
    long firstUnit = 0;
    for (int i = 0; i < tensors.size(); i++) {
      TrainedTensor tensor = tensors.get(i);
      all.add(
          new ParameterStruct(
              tensor.values().pointer(),
              tensor.gradient().pointer(),
              moment(0, i),
              moment(1, i),
              tensor.elements(),
              firstUnit,
              tensor.group()));
      firstUnit += Kernel.groups(tensor.elements(), Kernel.SEGMENT);
    }
    return all.finish();
  }

  /** The parameters as kernels read them. */
  byte[] parameters() {
    return table;
  }

  List<TrainedTensor> tensors() {
    return tensors;
  }

  /** Groups of parameters. */
  int groups() {
    return groups;
  }

  /** Segments of all parameters. */
  long units() {
    return units;
  }

  /** Device address of the progress. */
  long progress() {
    return block.pointer();
  }

  /** Device address of the decision. */
  long decision() {
    return progress() + PROGRESS;
  }

  /** Device address of the settings, behind which the rates follow. */
  long settings() {
    return decision() + DECISION;
  }

  /** Device address of the groups' rates. */
  long rates() {
    return settings() + SETTINGS;
  }

  /** Device address of the sums of squares. */
  long partials() {
    return block.pointer() + fixedBytes(groups);
  }

  private long moment(int which, int index) {
    long before = which * firstElement[tensors.size()] + firstElement[index];
    return partials() + Double.BYTES * units + Float.BYTES * before;
  }

  /** The first (0) or second (1) moment of a parameter. */
  DeviceView moment(WorkStream stream, int which, int index) {
    requireOpen();
    DeviceView values = tensors.get(index).values();
    return new DeviceView(
        stream.context(),
        this,
        moment(which, index),
        ElementType.F32,
        values.rows(),
        values.cols(),
        values.cols());
  }

  /** Keeps all that a step touches while a recording lasts. */
  void retainOn(WorkStream stream) {
    stream.retain(block);
    for (TrainedTensor tensor : tensors) {
      stream.retain(tensor.values().block());
      stream.retain(tensor.gradient().block());
    }
  }

  /** Refuses once this or the memory of a parameter was closed. */
  void requireAllOpen() {
    requireOpen();
    for (TrainedTensor tensor : tensors) {
      tensor.values().pointer();
      tensor.gradient().pointer();
    }
  }

  @Override
  public DeviceBlock block() {
    return block;
  }

  @Override
  public void requireOpen() {
    if (block.isClosed()) {
      throw new EngineClosedException("this optimiser was closed, by itself or with its engine");
    }
  }
}
