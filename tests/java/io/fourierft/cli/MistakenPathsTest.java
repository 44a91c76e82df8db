package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ModelFiles;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What people give for a base or an adapter by mistake, and what they are told. */
class MistakenPathsTest extends ModelCommandTest {
  @Test
  void aNameOfTheHubIsToldHowToDownload() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    refused(merge(Path.of("meta-llama/Llama-3.2-1B"), adapter, out()), "hf download", "hub");
    refused(merge(base(DType.F32), Path.of("me/my-adapter"), out()), "hf download", "hub");
  }

  @Test
  void aFolderOfTheCacheNamesItsSnapshot() throws IOException {
    Path cache = folder.resolve("models--me--tiny");
    Files.createDirectories(cache.resolve("snapshots/abc123"));
    Files.writeString(cache.resolve("snapshots/.DS_Store"), "no snapshot");
    refused(
        merge(cache, adapter("adapter", 1, DType.F32), out()),
        cache.resolve("snapshots/abc123") + "; give that");
    refused(merge(base(DType.F32), cache, out()), cache.resolve("snapshots/abc123").toString());
  }

  @Test
  void aFolderOfHundredsOfAdaptersNamesThreeAndTheCount() throws IOException {
    Path many = Files.createDirectory(folder.resolve("many"));
    for (int i = 0; i < 200; i++) {
      Path one = Files.createDirectory(many.resolve("poet%03d".formatted(i)));
      Files.writeString(one.resolve("adapter_config.json"), "{}");
    }
    CommandLineRun run = merge(base(DType.F32), many, out());
    refused(run, "poet000, poet001, poet002", "200 in all", many.resolve("poet000").toString());
    assertTrue(!run.err().contains("poet003"), run.err());
  }

  @Test
  void theSameAdapterTwiceIsSaid() throws IOException {
    Path adapter = adapter("adapter", 1, DType.F32);
    CommandLineRun run =
        run(
            "merge",
            "--base",
            base(DType.F32),
            "--adapter",
            adapter,
            "--adapter",
            adapter,
            "--out",
            out());
    succeeded(run);
    assertTrue(run.err().contains("more than once"), run.err());
  }

  @Test
  void namesThatDifferByAPrefixGetTheRenamingThatFindsThem() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            CONFIG,
            ModelFiles.matrix("left.net.layers.0.self_attn.q_proj.weight", DType.F32, 24, 12, 1, 1),
            ModelFiles.matrix(
                "right.net.layers.0.self_attn.q_proj.weight", DType.F32, 24, 12, 1, 2));
    Path adapter = queryAdapter("adapter", "", TEN);
    refused(
        merge(base, adapter, out()),
        "--rename '^model\\.=left.net.'",
        "--rename '^model\\.=right.net.'");
    refused(
        merge(base, adapter, results.resolve("x"), "--rename", "^other=right.net"),
        "is of no name");
    CommandLineRun wrong = merge(base, adapter, results.resolve("y"), "--rename", "no equals");
    assertTrue(wrong.code() == 2 && wrong.err().contains("REGEX=REPLACEMENT"), wrong.err());
    succeeded(merge(base, adapter, out(), "--rename", "^model\\.=right.net."));
  }

  @Test
  void aLayoutThatNothingTellsMustBeSaid() throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"),
            "{\"model_type\": \"of my own\"}",
            ModelFiles.matrix(QUERY + ".weight", DType.F32, 12, 12, 1, 1),
            ModelFiles.vector(QUERY + ".bias", DType.F32, 12, 1),
            ModelFiles.matrix(VALUE + ".weight", DType.F32, 12, 12, 1, 1),
            ModelFiles.vector(VALUE + ".bias", DType.F32, 12, 1));
    Path adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            10,
            1,
            1,
            "[\"q_proj\", \"v_proj\"]",
            "",
            ModelFiles.spectrum(QUERY, DType.F32, TEN),
            ModelFiles.spectrum(VALUE, DType.F32, TEN));
    refused(merge(base, adapter, out()), "is square", "--layout out-in", "--layout in-out");
    refused(merge(base, adapter, out(), "--layout", "in-out=q_proj"), VALUE, "is square");
    CommandLineRun wrong = merge(base, adapter, results.resolve("y"), "--layout", "sideways");
    assertTrue(wrong.code() == 2 && wrong.err().contains("out-in"), wrong.err());
    succeeded(
        merge(base, adapter, out(), "--layout", "in-out=q_proj", "--layout", "out-in", "--check"));
  }
}
