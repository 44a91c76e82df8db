import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.SpectralLocations;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.PeftAdapterWriter;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes the example model and its two adapters, always the same bytes. From the project's folder:
 *
 * <pre>java --class-path "target/classes:target/lib/*" examples/MakeTinyLlama.java examples</pre>
 */
public final class MakeTinyLlama {
  private static final int HIDDEN = 64;
  private static final int KEY_VALUE = 32;
  private static final int INTERMEDIATE = 176;
  private static final int VOCABULARY = 256;
  private static final int LAYERS = 2;

  private MakeTinyLlama() {}

  /** Writes {@code tiny-llama/} and {@code adapters/} into the folder given. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments.length > 0 ? arguments[0] : "examples");
    writeBase(folder.resolve("tiny-llama"));
    writeAdapter(folder.resolve("adapters/poet"), 777, 150.0, Map.of("q_proj", 96, "v_proj", 96));
    writeAdapter(
        folder.resolve("adapters/coder"), 2024, 300.0, Map.of("q_proj", 64, "down_proj", 200));
  }

  private static Map<String, List<Long>> shapes() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    shapes.put("model.embed_tokens.weight", List.of((long) VOCABULARY, (long) HIDDEN));
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "model.layers." + layer + ".";
      shapes.put(prefix + "input_layernorm.weight", List.of((long) HIDDEN));
      linear(shapes, prefix + "self_attn.q_proj", HIDDEN, HIDDEN);
      linear(shapes, prefix + "self_attn.k_proj", KEY_VALUE, HIDDEN);
      linear(shapes, prefix + "self_attn.v_proj", KEY_VALUE, HIDDEN);
      linear(shapes, prefix + "self_attn.o_proj", HIDDEN, HIDDEN);
      shapes.put(prefix + "post_attention_layernorm.weight", List.of((long) HIDDEN));
      linear(shapes, prefix + "mlp.gate_proj", INTERMEDIATE, HIDDEN);
      linear(shapes, prefix + "mlp.up_proj", INTERMEDIATE, HIDDEN);
      linear(shapes, prefix + "mlp.down_proj", HIDDEN, INTERMEDIATE);
    }
    shapes.put("model.norm.weight", List.of((long) HIDDEN));
    linear(shapes, "lm_head", VOCABULARY, HIDDEN);
    return shapes;
  }

  private static void linear(
      Map<String, List<Long>> shapes, String module, int outFeatures, int inFeatures) {
    shapes.put(module + ".weight", List.of((long) outFeatures, (long) inFeatures));
  }

  private static void writeBase(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<TensorDeclaration> tensors = new ArrayList<>();
    shapes().forEach((name, shape) -> tensors.add(new TensorDeclaration(name, DType.BF16, shape)));
    List<TensorDeclaration> ordered = SafetensorsWriter.referenceOrder(tensors);
    Random random = new Random(20240503);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            folder.resolve("model.safetensors"), Map.of("format", "pt"), ordered)) {
      for (TensorDeclaration tensor : ordered) {
        int count = Math.toIntExact(tensor.elementCount());
        HostMatrix values =
            new HostMatrix(
                MemorySegment.ofArray(new byte[2 * count]), ElementType.BF16, 1, count, count);
        boolean norm = tensor.name().endsWith("norm.weight");
        for (int i = 0; i < count; i++) {
          values.set(0, i, norm ? 1f : (float) (0.02 * random.nextGaussian()));
        }
        writer.write(tensor.name(), values.data());
      }
      writer.commit();
    }
    Files.writeString(
        folder.resolve("config.json"),
        """
        {
          "architectures": [
            "LlamaForCausalLM"
          ],
          "hidden_act": "silu",
          "hidden_size": %d,
          "intermediate_size": %d,
          "max_position_embeddings": 512,
          "model_type": "llama",
          "num_attention_heads": 4,
          "num_hidden_layers": %d,
          "num_key_value_heads": 2,
          "rms_norm_eps": 1e-05,
          "rope_theta": 10000.0,
          "tie_word_embeddings": false,
          "torch_dtype": "bfloat16",
          "vocab_size": %d
        }
        """
            .formatted(HIDDEN, INTERMEDIATE, LAYERS, VOCABULARY));
    Files.writeString(
        folder.resolve("generation_config.json"),
        """
        {
          "bos_token_id": 1,
          "eos_token_id": 2,
          "max_new_tokens": 64
        }
        """);
  }

  private static void writeAdapter(
      Path folder, long seed, double scaling, Map<String, Integer> nFrequencyByLeaf)
      throws IOException {
    Random random = new Random(seed);
    Map<String, FourierAdapter> adapters = new LinkedHashMap<>();
    shapes()
        .forEach(
            (name, shape) -> {
              String module = name.substring(0, name.length() - ".weight".length());
              Integer n = nFrequencyByLeaf.get(module.substring(module.lastIndexOf('.') + 1));
              if (n != null) {
                int rows = Math.toIntExact(shape.get(0));
                int cols = Math.toIntExact(shape.get(1));
                float[] spectrum = new float[n];
                for (int k = 0; k < n; k++) {
                  spectrum[k] = (float) (0.004 * random.nextGaussian());
                }
                SpectralLocations places = SpectralLocations.of(rows, cols, n, seed);
                adapters.put(module, FourierAdapter.of(places, spectrum, scaling));
              }
            });
    List<String> leaves = nFrequencyByLeaf.keySet().stream().sorted().toList();
    int common = nFrequencyByLeaf.get(leaves.getLast());
    Map<String, Integer> pattern = new LinkedHashMap<>();
    for (String leaf : leaves) {
      if (nFrequencyByLeaf.get(leaf) != common) {
        pattern.put(leaf, nFrequencyByLeaf.get(leaf));
      }
    }
    FourierFtConfig config =
        FourierFtConfig.builder()
            .nFrequency(common)
            .nFrequencyPattern(pattern)
            .scaling(scaling)
            .randomLocSeed(seed)
            .targetModules(ModuleSelection.names(leaves.toArray(String[]::new)))
            .baseModelNameOrPath("examples/tiny-llama")
            .taskType("CAUSAL_LM")
            .build();
    PeftAdapterWriter.write(PeftAdapter.of(config, adapters), folder, true);
  }
}
