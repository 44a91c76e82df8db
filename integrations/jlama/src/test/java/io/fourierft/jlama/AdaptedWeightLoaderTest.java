package io.fourierft.jlama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.safetensors.WeightLoader;
import com.github.tjake.jlama.tensor.AbstractTensor;
import io.fourierft.ElementType;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.ModelMerge;
import io.fourierft.merge.ProgressListener;
import io.fourierft.peft.ResolveOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is merged while loading is what Jlama reads from a merged folder, quantised or not. */
class AdaptedWeightLoaderTest {
  private static final Path EXAMPLES =
      Path.of(System.getProperty("fourierft.project.dir", "../.."), "examples");
  private static final Path MODEL = EXAMPLES.resolve("tiny-llama");
  private static final List<Path> ADAPTERS =
      List.of(EXAMPLES.resolve("adapters/poet"), EXAMPLES.resolve("adapters/coder"));

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F32", "BF16"})
  void everyWeightIsThatOfTheMergedFolder(ElementType type) throws Exception {
    Path base = folder.resolve("base");
    Path merged = folder.resolve("merged");
    try (FourierEngine engine = FourierEngine.create()) {
      MergeOptions options = MergeOptions.defaults();
      ModelMerge.run(
          engine,
          MODEL,
          ADAPTERS.subList(1, 2),
          base,
          options.withDtype(type),
          ProgressListener.NONE);
      ModelMerge.run(engine, base, ADAPTERS, merged, options, ProgressListener.NONE);
      int changed = 0;
      try (WeightLoader plain = SafeTensorSupport.loadWeights(base.toFile());
          WeightLoader expected = SafeTensorSupport.loadWeights(merged.toFile());
          WeightLoader adapted =
              AdaptedWeightLoader.open(engine, base, ADAPTERS, ResolveOptions.defaults())) {
        assertEquals(expected.tensorInfoMap().keySet(), adapted.tensorInfoMap().keySet());
        assertEquals(expected.getModelDType(), adapted.getModelDType());
        for (String name : expected.tensorInfoMap().keySet()) {
          AbstractTensor wanted = expected.load(name);
          AbstractTensor found = adapted.load(name);
          assertSame(name, wanted, found);
          if (wanted.dims() == 2 && wanted.shape().last() % 32 == 0) {
            assertSame(name, wanted.quantize(DType.Q4), found.quantize(DType.Q4));
            assertSame(name, wanted.quantize(DType.I8), found.quantize(DType.I8));
          }
          changed += isSame(plain.load(name), found) ? 0 : 1;
        }
      }
      assertTrue(changed >= 4, "weights that changed: " + changed);
    }
  }

  private static void assertSame(String name, AbstractTensor wanted, AbstractTensor found) {
    assertEquals(wanted.dType(), found.dType(), name);
    assertTrue(isSame(wanted, found), name + " as " + wanted.dType());
  }

  private static boolean isSame(AbstractTensor a, AbstractTensor b) {
    if (!a.shape().equals(b.shape())) {
      return false;
    }
    int rows = a.dims() == 1 ? 1 : a.shape().first();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < a.shape().last(); c++) {
        float left = a.dims() == 1 ? a.get(0, c) : a.get(r, c);
        float right = b.dims() == 1 ? b.get(0, c) : b.get(r, c);
        if (Float.floatToIntBits(left) != Float.floatToIntBits(right)) {
          return false;
        }
      }
    }
    return true;
  }

  @Test
  void theBaseIsNotChanged() throws Exception {
    byte[] before = Files.readAllBytes(MODEL.resolve("model.safetensors"));
    try (FourierEngine engine = FourierEngine.create();
        WeightLoader adapted =
            AdaptedWeightLoader.open(engine, MODEL, ADAPTERS, ResolveOptions.defaults())) {
      adapted.tensorInfoMap().keySet().forEach(adapted::load);
    }
    assertEquals(
        -1, Arrays.mismatch(before, Files.readAllBytes(MODEL.resolve("model.safetensors"))));
  }

  @Test
  void whatDoesNotFitIsRefused() throws Exception {
    Path odd = Files.createDirectory(folder.resolve("odd"));
    Files.copy(
        ADAPTERS.getFirst().resolve("adapter_model.safetensors"),
        odd.resolve("adapter_model.safetensors"));
    Files.writeString(
        odd.resolve("adapter_config.json"),
        Files.readString(ADAPTERS.getFirst().resolve("adapter_config.json"))
            .replace("q_proj", "k_proj"));
    try (FourierEngine engine = FourierEngine.create()) {
      assertThrows(
          FourierException.class,
          () -> AdaptedWeightLoader.open(engine, MODEL, List.of(odd), ResolveOptions.defaults()));
    }
  }

  /** The program of docs/jlama.md; to run it a model with a tokenizer is needed. */
  @Test
  void theProgramOfTheGuideCompiles() throws Exception {
    Path guide = EXAMPLES.resolveSibling("docs").resolve("jlama.md");
    Matcher block =
        Pattern.compile("(?ms)^```java jlama\\n(.*?)^```$").matcher(Files.readString(guide));
    assertTrue(block.find(), "the guide has a program");
    StringBuilder imports = new StringBuilder();
    StringBuilder body = new StringBuilder();
    block
        .group(1)
        .lines()
        .forEach(line -> (line.startsWith("import ") ? imports : body).append(line).append('\n'));
    Path source =
        Files.writeString(
            folder.resolve("Program.java"),
            imports
                + "class Program {\n"
                + "  public static void main(String[] arguments) throws Exception {\n"
                + body
                + "  }\n}\n");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String classes = System.getProperty("java.class.path", "");
    int code =
        compiler.run(
            null,
            null,
            null,
            "--add-modules",
            "jdk.incubator.vector",
            "-cp",
            classes,
            "-d",
            folder.toString(),
            source.toString());
    assertEquals(0, code);
  }
}
