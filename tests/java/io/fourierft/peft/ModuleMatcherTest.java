package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names are matched as PEFT's own functions match them. */
class ModuleMatcherTest {
  @TestFactory
  List<DynamicTest> everyNameIsJudgedAsPeftJudgesIt() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode row : table("matching.json")) {
      String json = row.get("config").toString();
      tests.add(DynamicTest.dynamicTest(json, () -> assertJudged(json, row.get("modules"))));
    }
    assertTrue(tests.size() > 40);
    return tests;
  }

  private static void assertJudged(String config, JsonNode modules) {
    ModuleMatcher matcher =
        ModuleMatcher.of(FourierFtConfig.parse(config, "matching.json").config(), null);
    assertAll(
        modules.properties().stream()
            .map(
                module ->
                    () ->
                        assertEquals(
                            module.getValue().get(0).textValue()
                                + " "
                                + module.getValue().get(1).intValue(),
                            matcher.verdict(module.getKey())
                                + " "
                                + matcher.nFrequency(module.getKey()),
                            module.getKey())));
  }

  @ParameterizedTest
  @CsvSource({
    "llama,model.layers.0.self_attn.q_proj,true",
    "llama,model.layers.0.self_attn.k_proj,false",
    "gpt2,transformer.h.0.mlp.c_proj,true",
    "gpt2,transformer.h.0.attn.c_proj,false",
    "gpt2,transformer.h.0.attn.c_attn,false",
    "gpt_bigcode,transformer.h.0.mlp.c_proj,true",
    "bert,bert.encoder.layer.0.attention.self.query,true",
    "t5,encoder.block.0.layer.0.SelfAttention.q,true",
    "phi,model.layers.0.mlp.fc2,true",
    "gemma4,model.language_model.layers.0.q_proj,true",
    "gemma4,model.vision_tower.layers.0.q_proj,false",
    "deberta-v2,encoder.layer.0.attention.self.value_proj,true"
  })
  void nullTargetsAreTheDefaultsOfTheModelType(String modelType, String module, boolean targeted) {
    ModuleMatcher matcher = ModuleMatcher.of(FourierFtConfig.builder().build(), modelType);
    assertEquals(targeted, matcher.targets(module));
  }

  @Test
  void nullTargetsOfAnUnknownModelAreRefused() {
    ModuleMatcher matcher = ModuleMatcher.of(FourierFtConfig.builder().build(), "newmodel");
    assertFalse(matcher.hasTargets());
    String e = Refusal.of(() -> matcher.verdict("q"));
    assertTrue(e.contains("specify target_modules"), e);
  }

  @ParameterizedTest
  @CsvSource({
    "all-linear,CAUSAL_LM,model.layers.0.q_proj,true",
    "All-Linear,CAUSAL_LM,lm_head,false",
    "ALL-LINEAR,CAUSAL_LM,model.embed_tokens,false",
    "all-linear,SEQ_CLS,score,false",
    "all-linear,SEQ_CLS,model.score,true",
    "all-linear,CAUSAL_LM,transformer.wte,false"
  })
  void allLinearIsGuessedFromNames(String word, String task, String module, boolean targeted) {
    ModuleMatcher matcher =
        ModuleMatcher.of(
            FourierFtConfig.builder()
                .targetModules(ModuleSelection.expression(word))
                .taskType(task)
                .build(),
            null);
    assertFalse(matcher.isExact());
    assertEquals(targeted, matcher.targets(module));
  }

  /** Even of a name that is excluded before its expressions are asked. */
  @Test
  void aNameThatIsTooLongIsRefusedByEveryQuestion() {
    ModuleMatcher matcher =
        ModuleMatcher.of(
            FourierFtConfig.builder()
                .targetModules(ModuleSelection.names("q"))
                .excludeModules(ModuleSelection.names("k"))
                .build(),
            null);
    String longest = "x".repeat(4094) + ".q";
    assertTrue(matcher.targets(longest));
    assertFalse(matcher.isSaved(longest));
    assertEquals(1000, matcher.nFrequency(longest));
    String longer = "x".repeat(4095) + ".k";
    for (Executable question :
        List.<Executable>of(
            () -> matcher.verdict(longer),
            () -> matcher.isSaved(longer),
            () -> matcher.nFrequency(longer))) {
      Refusal.says(question, "a module name of 4097 characters is longer than 4096: xxx");
    }
  }

  @Test
  void theNumberOfALayerIsNotCutToAnInteger() {
    ModuleMatcher matcher =
        ModuleMatcher.of(
            FourierFtConfig.builder()
                .targetModules(ModuleSelection.names("q"))
                .layersToTransform(List.of(-1, 1))
                .build(),
            null);
    assertTrue(matcher.targets("m.layers.1.q"));
    assertFalse(matcher.targets("m.layers.4294967295.q"));
    assertFalse(matcher.targets("m.layers.4294967297.q"));
  }

  private static JsonNode table(String name) throws IOException {
    return ConfigReader.tree(
        Files.readString(PeftCases.RESOURCES.resolve("peft").resolve(name)), name);
  }
}
