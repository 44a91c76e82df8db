/**
 * FourierFT adapters for Java: load, compute with, merge and train HuggingFace PEFT's {@code
 * fourierft} adapters, on a CPU or a CUDA GPU.
 */
module io.fourierft {
  requires transitive org.jspecify;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires java.logging;
  requires jdk.unsupported;
  requires static JTransforms;
  requires static jdk.incubator.vector;
  requires static info.picocli;
  requires static java.desktop;
  requires static jcuda;
  requires static jcufft;
  requires static me.tongfei.progressbar;
  requires static org.knowm.xchart;

  exports io.fourierft;
  exports io.fourierft.bulk;
  exports io.fourierft.cuda;
  exports io.fourierft.jcuda;
  exports io.fourierft.layer;
  exports io.fourierft.lora;
  exports io.fourierft.merge;
  exports io.fourierft.model;
  exports io.fourierft.peft;
  exports io.fourierft.safetensors;
  exports io.fourierft.training;

  opens io.fourierft.cli to
      info.picocli;

  uses io.fourierft.internal.selection.EngineProvider;

  provides io.fourierft.internal.selection.EngineProvider with
      io.fourierft.internal.cpu.provider.CpuEngineProvider,
      io.fourierft.internal.cuda.CudaEngineProvider;
}
