package io.fourierft.lora;

/**
 * What a module's LoRA has of its ΔW.
 *
 * @param module the module's path
 * @param rank the rank it got
 * @param deltaNorm ‖ΔW‖, the Frobenius norm
 * @param keptEnergy {@code ‖B·A‖² / ‖ΔW‖²}
 * @param relativeError {@code ‖ΔW − B·A‖ / ‖ΔW‖}
 */
public record ModuleReport(
    String module, int rank, double deltaNorm, double keptEnergy, double relativeError) {
  /** That of an approximation. */
  static ModuleReport of(String module, LowRankApproximation lora) {
    return new ModuleReport(
        module, lora.rank(), lora.deltaNorm(), lora.keptEnergy(), lora.relativeError());
  }
}
