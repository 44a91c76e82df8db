package io.fourierft.internal.cpu.simd;

/** A way to multiply the tokens of {@link ProductOperands} with their matrix. */
interface ProductMethod {
  /** Floats that the packed tokens take. */
  int tokenFloats();

  /** Tasks that pack the tokens. */
  int packingTasks();

  /** Packs some tokens. */
  void pack(int task, SimdWorkspace workspace);

  /** Tasks that multiply. */
  int multiplyingTasks();

  /** Computes some columns of the output. */
  void multiply(int task, SimdWorkspace workspace);
}
