package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for every configuration, and for every text that claims to be one. */
class FourierFtConfigPropertiesTest {
  private static final String REAL =
      FourierFtConfig.builder()
          .targetModules(ModuleSelection.names("q_proj", "v_proj"))
          .nFrequencyPattern(Map.of("layers\\.[0-9]+\\.q_proj", 5))
          .layersToTransform(List.of(1, 2))
          .unknownKeys(Map.of("future", "{\"a\": [1, 2.5, null, \"x\"]}"))
          .build()
          .toJson();

  @Property(tries = 300, seed = "42")
  void whatIsSavedIsReadBackTheSame(@ForAll("configs") FourierFtConfig config) {
    ConfigDocument again = FourierFtConfig.parse(config.toJson(), "saved");
    assertEquals(config, again.config());
    assertEquals(config.toJson(), again.config().toJson());
    assertTrue(again.notes().isEmpty(), again.notes().toString());
  }

  @Property(tries = 2000, seed = "43")
  void damagedTextGivesAConfigurationOrTheLibrarysException(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] text = REAL.getBytes(StandardCharsets.UTF_8);
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length);
      switch (random.nextInt(4)) {
        case 0 -> text[at] = (byte) random.nextInt(128);
        case 1 -> text[at] = (byte) "[]{},:\"\\0919eE.-ntf ".charAt(random.nextInt(20));
        case 2 -> text = Arrays.copyOf(text, Math.max(1, at));
        default -> {
          int to = random.nextInt(text.length);
          int length = Math.min(random.nextInt(40), text.length - Math.max(at, to));
          System.arraycopy(text, at, text, to, length);
        }
      }
    }
    String damaged = new String(text, StandardCharsets.UTF_8);
    try {
      FourierFtConfig config = FourierFtConfig.parse(damaged, "damaged").config();
      // What was taken can be used and saved.
      assertEquals(
          config.toJson(), FourierFtConfig.parse(config.toJson(), "again").config().toJson());
      ModuleMatcher matcher = ModuleMatcher.of(config, "llama");
      matcher.verdict("model.layers.1.self_attn.q_proj");
      matcher.nFrequency("model.layers.1.self_attn.q_proj");
    } catch (PeftException e) {
      assertTrue(!String.valueOf(e.getMessage()).isBlank());
    }
  }

  @Property(tries = 300, seed = "44")
  void anyJsonGivesAConfigurationOrTheLibrarysException(@ForAll long seed) {
    Random random = new Random(seed);
    StringBuilder json = new StringBuilder("{\"peft_type\": \"FOURIERFT\"");
    for (String key : ConfigKey.names()) {
      if (random.nextInt(4) == 0 && !key.equals("peft_type")) {
        json.append(", \"").append(key).append("\": ").append(value(random, 0));
      }
    }
    try {
      FourierFtConfig.parse(json.append('}').toString(), "random").config().toJson();
    } catch (PeftException e) {
      assertTrue(String.valueOf(e.getMessage()).startsWith("random"), e.getMessage());
    }
  }

  private static String value(Random random, int depth) {
    return switch (random.nextInt(depth > 3 ? 6 : 8)) {
      case 0 -> "null";
      case 1 -> random.nextBoolean() ? "true" : "false";
      case 2 -> String.valueOf(random.nextInt(20) - 5);
      case 3 -> new BigInteger(200, random).toString();
      case 4 -> random.nextDouble() + "e" + (random.nextInt(800) - 400);
      case 5 ->
          "\""
              + List.of("none", "q_proj", "(", "all-linear", "SEQ_CLS").get(random.nextInt(5))
              + "\"";
      case 6 -> "[" + value(random, depth + 1) + ", " + value(random, depth + 1) + "]";
      default -> "{\"k\": " + value(random, depth + 1) + "}";
    };
  }

  @Provide
  Arbitrary<FourierFtConfig> configs() {
    Arbitrary<String> names = Arbitraries.strings().ofMaxLength(12);
    Arbitrary<BigInteger> seeds =
        Arbitraries.bigIntegers()
            .between(
                BigInteger.TWO.pow(63).negate(), BigInteger.TWO.pow(64).subtract(BigInteger.ONE));
    Arbitrary<Map<String, Integer>> patterns =
        Arbitraries.maps(names, Arbitraries.integers().greaterOrEqual(1))
            .ofMaxSize(5)
            // Saving sorts the keys, so only a sorted pattern comes back in its order.
            .map(TreeMap::new);
    Arbitrary<FourierFtConfig> first =
        Combinators.combine(
                Arbitraries.integers().greaterOrEqual(1),
                Arbitraries.doubles().between(-1e38, 1e38),
                seeds,
                names.list().ofMaxSize(4),
                patterns,
                Arbitraries.of("none", "all", "fourier_only", "x_only"),
                Arbitraries.of(true, false),
                names)
            .as(
                (n, scaling, seed, targets, pattern, bias, flag, text) ->
                    FourierFtConfig.builder()
                        .nFrequency(n)
                        .scaling(scaling)
                        .randomLocSeed(seed)
                        .targetModules(
                            flag
                                ? new ModuleSelection.Names(targets)
                                : new ModuleSelection.Expression(text))
                        .excludeModules(flag ? null : new ModuleSelection.Names(targets))
                        .nFrequencyPattern(pattern)
                        .bias(bias)
                        .fanInFanOut(flag)
                        .initWeights(!flag)
                        .inferenceMode(true)
                        .modulesToSave(targets)
                        .baseModelNameOrPath(text)
                        .revision(flag ? text : null)
                        .build());
    return Combinators.combine(
            first, Arbitraries.integers().list().ofMaxSize(3), names.list().ofMaxSize(2))
        .as(
            (config, layers, layerNames) ->
                config.targetModules() instanceof ModuleSelection.Names && !layers.isEmpty()
                    ? config.toBuilder()
                        .layersToTransform(new ArrayList<>(layers))
                        .layersPattern(layerNames)
                        .build()
                    : config);
  }
}
