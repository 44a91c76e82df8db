package io.fourierft.jlama;

import com.github.tjake.jlama.model.DistributedContext;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.TensorInfo;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.tensor.AbstractTensor;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.peft.BaseModel;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Jlama's weights with FourierFT adapters merged in: every weight that Jlama asks for gets the ΔW
 * of each adapter, in their order, before Jlama quantises it. What comes out is bit for bit what
 * Jlama would read from the folder that {@code fourierft merge} writes; no such folder is needed.
 *
 * <p>Give it to {@code ModelSupport.loadModel} as the function that opens a model's weights. F32
 * and BF16 weights are taken; the base's files are not changed. As safe for threads as Jlama's own
 * loader.
 */
public final class AdaptedWeightLoader implements WeightLoader {
  private final WeightLoader base;
  private final FourierEngine engine;
  private final Map<String, List<Addend>> byWeight;

  private AdaptedWeightLoader(
      WeightLoader base, FourierEngine engine, Map<String, List<Addend>> byWeight) {
    this.base = base;
    this.engine = engine;
    this.byWeight = byWeight;
  }

  /**
   * Opens a model's weights.
   *
   * @param engine computes; the caller keeps it, open until the model is loaded
   * @param model the model's folder
   * @param adapters folders as PEFT saves them, in the order in which they are added
   * @throws FourierException if one does not fit the model, or brings tensors of its own
   * @throws IOException if a file cannot be read
   */
  public static AdaptedWeightLoader open(
      FourierEngine engine, Path model, List<Path> adapters, ResolveOptions options)
      throws IOException {
    Map<String, List<Addend>> byWeight = new HashMap<>();
    BaseModel names = BaseModel.open(model);
    for (Path folder : adapters) {
      ResolvedAdapter adapter = PeftAdapter.open(folder).resolve(names, options);
      if (!adapter.replacements().isEmpty() || !adapter.parts().isEmpty()) {
        throw new FourierException(
            "adapter %s brings tensors of its own (%s), which is not done while loading; merge it into a folder with ModelMerge, and load that"
                .formatted(folder, adapter.replacements().keySet()));
      }
      for (ResolvedModule module : adapter.modules()) {
        for (WeightSlice slice : module.slices()) {
          byWeight
              .computeIfAbsent(slice.weight(), name -> new ArrayList<>())
              .add(new Addend(module, slice));
        }
      }
    }
    return new AdaptedWeightLoader(SafeTensorSupport.loadWeights(model.toFile()), engine, byWeight);
  }

  @Override
  public AbstractTensor load(
      String name, DistributedContext context, boolean sparseRows, boolean sparseColumns) {
    AbstractTensor weight = base.load(name, context, sparseRows, sparseColumns);
    List<Addend> addends = byWeight.get(name);
    return addends == null ? weight : adapted(name, weight, addends);
  }

  private AbstractTensor adapted(String name, AbstractTensor weight, List<Addend> addends) {
    if (weight.shape().isSparse() || weight.dims() != 2) {
      throw new FourierException(
          "weight '%s' is loaded in parts, to which no ΔW can be added; load the model on one machine, or merge it into a folder first"
              .formatted(name));
    }
    ElementType type =
        switch (weight.dType()) {
          case F32 -> ElementType.F32;
          case BF16 -> ElementType.BF16;
          default ->
              throw new FourierException(
                  "weight '%s' is %s; adapters are added to F32 and BF16 while loading, before a model is quantised"
                      .formatted(name, weight.dType()));
        };
    int rows = weight.shape().first();
    int cols = weight.shape().last();
    // Jlama's tensor is the mapped file.
    AbstractTensor copy = AbstractTensor.make(weight.dType(), weight.shape());
    MemorySegment bytes = copy.getMemorySegment();
    MemorySegment from = weight.getMemorySegment();
    bytes.copyFrom(
        from.asSlice(
            weight.getMemorySegmentOffset(weight.getOffset(0, 0)),
            (long) rows * cols * type.sizeInBytes()));
    for (Addend addend : addends) {
      add(addend, bytes, type, cols);
    }
    return copy;
  }

  private void add(Addend addend, MemorySegment weight, ElementType type, int cols) {
    WeightSlice slice = addend.slice();
    ResolvedModule module = addend.module();
    int rows =
        module.layout() == WeightLayout.IN_OUT ? module.adapter().cols() : module.adapter().rows();
    long rowBytes = (long) cols * type.sizeInBytes();
    // The layer's rows in their order; those that another weight holds are zero meanwhile.
    try (Arena arena = Arena.ofShared()) {
      MemorySegment layer = arena.allocate(rows * rowBytes, 64);
      for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
        MemorySegment.copy(
            weight, slice.storedRow(row) * rowBytes, layer, row * rowBytes, rowBytes);
      }
      HostMatrix matrix = Matrix.of(layer, type, rows, cols);
      engine.addDelta(module.adapter(), matrix, module.layout(), FourierEngine.Addition.ADD);
      for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
        MemorySegment.copy(
            layer, row * rowBytes, weight, slice.storedRow(row) * rowBytes, rowBytes);
      }
    }
  }

  /** A layer's ΔW and which of its rows a weight holds. */
  private record Addend(ResolvedModule module, WeightSlice slice) {}

  @Override
  public Map<String, String> metadata() {
    return base.metadata();
  }

  @Override
  public Map<String, TensorInfo> tensorInfoMap() {
    return base.tensorInfoMap();
  }

  @Override
  public DType getModelDType() {
    return base.getModelDType();
  }

  @Override
  public void close() throws Exception {
    base.close();
  }
}
