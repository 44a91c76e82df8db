package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** How large the weights of adapted layers are, to set beside their ΔW. */
public final class WeightNorms {
  private WeightNorms() {}

  /**
   * ‖W‖, the Frobenius norm, of each layer's weight, by the layer's path; reads every one of them
   * whole. Of a layer that the files hold fused with others it is the norm of its own rows.
   *
   * @param base the model that the modules were bound to
   * @throws IOException if it cannot be read
   */
  public static Map<String, Double> of(Path base, Collection<ResolvedModule> modules)
      throws IOException {
    Map<String, Double> norms = new LinkedHashMap<>();
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      for (ResolvedModule module : modules) {
        int storedCols =
            module.layout() == WeightLayout.IN_OUT
                ? module.adapter().rows()
                : module.adapter().cols();
        double squares = 0;
        for (WeightSlice slice : module.slices()) {
          SafetensorsCheckpoint.Location place = checkpoint.find(slice.weight()).orElseThrow();
          ElementType type = place.tensor().dtype().elementType().orElseThrow();
          squares +=
              place
                  .shard()
                  .file()
                  .<Double, RuntimeException>read(
                      place.tensor().name(), bytes -> squares(bytes, type, slice, storedCols));
        }
        norms.put(module.path(), Math.sqrt(squares));
      }
    }
    return norms;
  }

  private static double squares(
      MemorySegment bytes, ElementType type, WeightSlice slice, int cols) {
    ElementRuns runs = new ElementRuns();
    float[] values = new float[cols];
    double squares = 0;
    for (long row = slice.layerRow(); row < slice.layerRow() + slice.rows(); row++) {
      runs.load(bytes, type, slice.storedRow(row) * cols * type.sizeInBytes(), cols, values, 0);
      for (float value : values) {
        squares += (double) value * value;
      }
    }
    return squares;
  }
}
