package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.ChildJvm;
import io.fourierft.ModelFiles;
import io.fourierft.safetensors.CheckpointIndex;
import io.fourierft.safetensors.DType;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a process says and leaves when it cannot do what it should. */
class ProcessEndTest {
  @TempDir Path folder;
  private Path base;
  private Path adapter;

  @BeforeEach
  void makeModel() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "bash sets the limits");
    base =
        ModelFiles.model(
            folder.resolve("base"),
            "{}",
            ModelFiles.matrix("a.q_proj.weight", DType.F32, 8, 8, 1, 1),
            ModelFiles.vector("norm.weight", DType.F32, 8, 2));
    adapter =
        ModelFiles.adapter(
            folder.resolve("adapter"),
            2,
            100,
            7,
            "[\"q_proj\"]",
            "",
            ModelFiles.spectrum("a.q_proj", DType.F32, 1, -2));
  }

  private static void check(
      int code, String word, String shell, List<String> flags, Object... arguments)
      throws Exception {
    List<String> all = new ArrayList<>(flags);
    // As the launcher starts what is short.
    all.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+UseSerialGC"));
    try (ChildJvm child = ChildJvm.start(shell, all, Main.class, arguments)) {
      String said = child.finish();
      assertEquals(code, child.waitFor(), said);
      assertTrue(said.contains(word), said);
      assertTrue(!said.contains("\tat "), "no stack trace: " + said);
    }
  }

  @Test
  void standardOutputThatCannotBeWrittenIsAFailure() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "a device that is always full");
    Object[] places = {"locations", "--rows=4", "--cols=4", "--n-frequency=4", "--seed=1"};
    check(1, "standard output cannot be written", "exec >/dev/full", List.of(), places);
    check(0, "", "exec > >(head -c 1 >/dev/null)", List.of(), places);
  }

  @Test
  void errorsOfTheMachineAreOneLine() throws Exception {
    Object[] places = {"locations", "--rows=8192", "--cols=8192", "--seed=1", "--json"};
    // The places themselves fit, what is printed of them does not.
    check(1, "out of memory", "", List.of("-Xmx22m"), with(places, "--n-frequency=262000"));
    check(2, "give it more", "", List.of("-Xmx40m"), with(places, "--n-frequency=30000000"));
  }

  private static Object[] with(Object[] arguments, Object last) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }

  @Test
  void absurdNumbersAreRefusedFirst() {
    for (String threads : List.of("-1", "4097", "2147483647", "99999999999")) {
      CommandLineRun run =
          CommandLineRun.of(
              "merge",
              "--base",
              base,
              "--adapter",
              adapter,
              "--out",
              folder.resolve("out"),
              "--threads",
              threads);
      assertEquals(2, run.code(), run.err());
    }
    assertEquals(2, CommandLineRun.of("train-demo", "--epochs", "2000000000").code());
    assertEquals(2, CommandLineRun.of("train-demo", "--seeds", "2000000000").code());
  }

  @Test
  void aPictureOnAFullDiskLeavesNothing() throws Exception {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    check(
        1,
        "plot.png: writing the picture failed",
        "ulimit -f 4",
        List.of(),
        "inspect",
        "--device=cpu",
        "--base",
        base,
        "--adapter",
        adapter,
        "--plot",
        pictures.resolve("plot.png"));
    assertEquals(List.of(), ModelFiles.names(pictures));
  }

  @Test
  void aPictureReplacesNothingButAPicture() throws IOException {
    Path file = Files.writeString(folder.resolve("thesis.png"), "no picture");
    for (Path target : List.of(file, folder)) {
      CommandLineRun run =
          CommandLineRun.of(
              "inspect", "--base", base, "--adapter", adapter, "--plot", target + ".png");
      if (target.equals(folder)) {
        assertEquals(0, run.code(), run.err());
      }
    }
    CommandLineRun run =
        CommandLineRun.of("inspect", "--base", base, "--adapter", adapter, "--plot", file);
    assertEquals(1, run.code());
    assertTrue(run.err().contains("is no PNG"), run.err());
    assertEquals("no picture", Files.readString(file));
  }

  @Test
  void namesOfFilesHaveAsciiDigitsInEveryLocale() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      assertEquals("\u0665", "%d".formatted(5), "this locale has digits of its own");
      CommandLineRun run =
          CommandLineRun.of(
              "merge",
              "--device=cpu",
              "--base",
              base,
              "--adapter",
              adapter,
              "--out",
              folder.resolve("out"),
              "--max-shard-size",
              "200");
      assertEquals(0, run.code(), run.err());
      assertTrue(
          ModelFiles.names(folder.resolve("out")).contains("model-00001-of-00002.safetensors"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void namesThatTheLocaleCannotExpressAreReadAndWritten() throws Exception {
    String shard = "größe-00001-of-00001.safetensors";
    Files.move(base.resolve("model.safetensors"), base.resolve(shard));
    CheckpointIndex.of(288, Map.of("a.q_proj.weight", shard, "norm.weight", shard))
        .write(base.resolve("größe.safetensors.index.json"));
    Files.createDirectory(base.resolve("größe"));
    Files.writeString(base.resolve("größe").resolve("a.txt"), "a");
    Path out = folder.resolve("out");
    check(
        0,
        "wrote",
        "export LC_ALL=C",
        List.of(),
        "merge",
        "--device=cpu",
        "--base",
        base,
        "--adapter",
        adapter,
        "--out",
        out);
    assertEquals(ModelFiles.names(base), ModelFiles.names(out));
    assertEquals("a", Files.readString(out.resolve("größe").resolve("a.txt")));
  }

  /** The last argument comes from bash: Java cannot give a process one that is no text. */
  @ParameterizedTest
  @CsvSource({
    // caf\xe9 in Latin-1, and what a broken conversion makes of it; größe in UTF-8.
    "caf\\xe9, caf%E9, C.UTF-8",
    "caf\\xe9, caf%E9, C",
    "caf\\xef\\xbf\\xbd, caf%EF%BF%BD, C.UTF-8",
    "gr\\xc3\\xb6\\xc3\\x9fe, gr%C3%B6%C3%9Fe, C.UTF-8",
    "gr\\xc3\\xb6\\xc3\\x9fe, gr%C3%B6%C3%9Fe, C"
  })
  void namesOnTheCommandLineAreTakenByteForByte(String shell, String escaped, String locale)
      throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")), "the system has names as bytes");
    Path work = Files.createDirectory(folder.resolve("work"));
    Path named = Path.of(URI.create(work.toUri() + escaped));
    Files.move(base, named);
    String out = "out-" + escaped;
    check(
        0,
        "wrote",
        "export LC_ALL=%1$s; cd %2$s; set -- \"$@\" --base $'%3$s' --out=$'%2$s//out-%3$s/'"
            .formatted(locale, work, shell),
        List.of(),
        "merge",
        "--device=cpu",
        "--adapter",
        adapter);
    Path written = Path.of(URI.create(work.toUri() + out));
    assertEquals(ModelFiles.names(named), ModelFiles.names(written));
    try (Stream<Path> all = Files.list(work)) {
      assertEquals(Set.of(named, written), all.collect(Collectors.toSet()), "and nothing else");
    }
  }
}
