package io.fourierft.merge;

import io.fourierft.ElementType;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** How large the weights of adapted layers are, to set beside their ΔW. */
public final class WeightNorms {
  private static final int RUN = 1 << 14;

  private WeightNorms() {}

  /**
   * ‖W‖, the Frobenius norm, of each layer's weight, by the layer's path; reads every one of them
   * whole. Of a part of a fused projection it is the norm of that part.
   *
   * @param base the model that the modules were bound to
   * @throws IOException if it cannot be read
   */
  public static Map<String, Double> of(Path base, Collection<ResolvedModule> modules)
      throws IOException {
    Map<String, Double> norms = new LinkedHashMap<>();
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      for (ResolvedModule module : modules) {
        SafetensorsCheckpoint.Location place = checkpoint.find(module.weight()).orElseThrow();
        ElementType type = place.tensor().dtype().elementType().orElseThrow();
        boolean transposed = module.layout() == WeightLayout.IN_OUT;
        long storedCols = transposed ? module.adapter().rows() : module.adapter().cols();
        long count = (long) module.adapter().rows() * module.adapter().cols();
        double squares =
            place
                .shard()
                .file()
                .<Double, RuntimeException>read(
                    place.tensor().name(),
                    bytes -> squares(bytes, type, module.firstRow() * storedCols, count));
        norms.put(module.path(), Math.sqrt(squares));
      }
    }
    return norms;
  }

  private static double squares(MemorySegment bytes, ElementType type, long from, long count) {
    ElementRuns runs = new ElementRuns();
    float[] values = new float[RUN];
    double squares = 0;
    for (long done = 0; done < count; done += RUN) {
      int length = (int) Math.min(RUN, count - done);
      runs.load(bytes, type, from + done, length, values, 0);
      for (int i = 0; i < length; i++) {
        squares += (double) values[i] * values[i];
      }
    }
    return squares;
  }
}
