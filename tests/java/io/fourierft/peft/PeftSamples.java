package io.fourierft.peft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bases and adapters without files, made for one test each. */
final class PeftSamples {
  private PeftSamples() {}

  /** A float32 tensor of a base. */
  static TensorInfo tensor(String name, long... shape) {
    return tensor(name, DType.F32, shape);
  }

  static TensorInfo tensor(String name, DType dtype, long... shape) {
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    long count = dimensions.stream().reduce(1L, Math::multiplyExact);
    return new TensorInfo(name, dtype, dimensions, 0, count * dtype.bits() / 8);
  }

  /** The layer of a Linear with a bias. */
  static List<TensorInfo> biased(String module, long out, long in) {
    return List.of(tensor(module + ".weight", out, in), tensor(module + ".bias", out));
  }

  static BaseModel base(String config, TensorInfo... tensors) {
    return base(config, List.of(tensors));
  }

  static BaseModel base(String config, List<TensorInfo> tensors) {
    return BaseModel.of(tensors, ModelConfig.parse(config, "config.json"));
  }

  /** A base of weights of 8 times 8 alone. */
  static BaseModel squares(String config, String... modules) {
    return base(
        config, Arrays.stream(modules).map(module -> tensor(module + ".weight", 8, 8)).toList());
  }

  /** Settings for three coefficients in each module of these names. */
  static FourierFtConfigBuilder names(String... targets) {
    return FourierFtConfig.builder().nFrequency(3).targetModules(ModuleSelection.names(targets));
  }

  /** Settings for three coefficients in each module of this expression. */
  static FourierFtConfigBuilder matching(String regex) {
    return FourierFtConfig.builder().nFrequency(3).targetModules(ModuleSelection.expression(regex));
  }

  /** An adapter of these modules. */
  static PeftAdapter adapter(FourierFtConfigBuilder config, String... modules) {
    List<AdapterModule> adapted = new ArrayList<>();
    for (String module : modules) {
      adapted.add(new AdapterModule(module, Spectrum.of(1, 2, 3)));
    }
    return new PeftAdapter(config.build(), adapted, List.of(), List.of(), List.of());
  }

  /** A tensor of zeros of a module saved whole. */
  static ExtraTensor saved(String name, long... shape) {
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    return ExtraTensor.saved(name, dimensions, new float[(int) tensor(name, shape).elementCount()]);
  }
}
