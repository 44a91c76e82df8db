package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.ModelFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The launcher, with a Maven that makes empty jars and a Java that says what it was given. Both
 * stand in a checkout of their own.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
class LauncherTest {
  @TempDir Path folder;
  private Path checkout;
  private Path tools;

  @BeforeEach
  void makeCheckout() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "the launcher is for bash");
    tools = Files.createDirectory(folder.resolve("commands"));
    script(
        tools.resolve("mvn"),
        """
        echo built >> "$BUILDS"
        echo "$*" > "$BUILDS.arguments"
        sleep "${BUILD_SECONDS:-0}"
        target=target
        lib=target/lib
        for argument; do case $argument in
          -Dfourierft.build.dir=*) target=${argument#*=} ;;
          -Dfourierft.lib.dir=*) lib=${argument#*=} ;;
        esac; done
        echo '[INFO] --- compiler:3.14.1:compile (default-compile) @ fourierft ---'
        mkdir -p "$target" "$lib"
        cat src/main/java/A.java > "$target/fourierft-1.2.3.jar"
        touch "$lib/some.jar" "$target/fourierft-0.9.jar" "$target/fourierft-1.2.3-sources.jar"
        """);
    Path java = Files.createDirectories(folder.resolve("jdk").resolve("bin"));
    script(
        java.resolve("java"),
        """
        for argument; do case $argument in
          -XX:AOTCacheOutput=*) echo made >> "$BUILDS.caches"; echo cache > "${argument#*=}"; exit ;;
        esac; done
        echo "LC_ALL=${LC_ALL:-}"
        echo "options=$*"
        while [ "$1" != --module-path ]; do shift; done
        echo "jar=$(cat "$2"/fourierft-*.jar)"
        echo "path=$2"
        echo "last=${*: -1}"
        """);
    script(java.resolve("javac"), "");
    Files.writeString(folder.resolve("jdk").resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    checkout = Files.createDirectory(folder.resolve("größe mit Leerzeichen"));
    Path launcher = Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("fourierft");
    Files.copy(launcher, checkout.resolve("fourierft"));
    Files.setPosixFilePermissions(
        checkout.resolve("fourierft"), PosixFilePermissions.fromString("rwxr-xr-x"));
    copyScripts(launcher.getParent());
    Files.writeString(
        checkout.resolve("pom.xml"),
        """
        <project>
          <version>1.2.3</version>
          <dependency><version>7</version></dependency>
        </project>
        """);
    Files.createDirectories(checkout.resolve("src/main/java"));
    Files.createDirectory(checkout.resolve("native"));
    Files.createDirectory(checkout.resolve("src/packaging"));
    Files.writeString(checkout.resolve("LICENSE"), "");
    Files.writeString(checkout.resolve("NOTICE"), "");
    Files.createDirectory(checkout.resolve("cmake"));
    writeSource("first");
  }

  /** What the launcher calls beside itself. */
  private void copyScripts(Path project) throws IOException {
    Path folder = Files.createDirectories(checkout.resolve("src/launcher"));
    for (String name : List.of("find-java.sh", "run.sh")) {
      Files.copy(project.resolve("src/launcher").resolve(name), folder.resolve(name));
    }
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/bin/bash\n" + text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void writeSource(String text) throws IOException {
    Files.writeString(checkout.resolve("src/main/java/A.java"), text);
  }

  private Process start(Path project, Map<String, String> variables) throws IOException {
    return start(project, variables, "doctor", "größe");
  }

  private Process start(Path project, Map<String, String> variables, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(project.resolve("fourierft").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().put("PATH", tools + ":/usr/bin:/bin");
    builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().put("BUILDS", folder.resolve("builds").toString());
    builder.environment().putAll(variables);
    return builder.redirectErrorStream(true).start();
  }

  private static String said(Process process) throws IOException, InterruptedException {
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), text);
    return text;
  }

  private long builds() throws IOException {
    return Files.readAllLines(folder.resolve("builds")).size();
  }

  @Test
  void buildsOnceForEachStateOfTheSourcesAndKeepsWhatRuns() throws Exception {
    String first = said(start(checkout, Map.of()));
    assertTrue(first.contains("jar=first\n") && first.contains("last=größe\n"), first);
    assertEquals(1, builds());
    String maven = Files.readString(folder.resolve("builds.arguments"));
    assertTrue(maven.contains("-Dfourierft.kernels.skip=true"), "a minute of nvcc: " + maven);
    said(start(checkout, Map.of()));
    assertEquals(1, builds(), "nothing changed");
    writeSource("second");
    assertTrue(said(start(checkout, Map.of())).contains("jar=second\n"));
    assertEquals(2, builds());
    Path programOfTheFirst = Path.of(first.replaceFirst("(?s).*path=([^\n]*)\n.*", "$1"));
    assertEquals(
        "first",
        Files.readString(programOfTheFirst.resolve("fourierft-1.2.3.jar")),
        "what runs keeps its files");
    writeSource("first");
    assertTrue(said(start(checkout, Map.of())).contains("jar=first\n"));
    assertEquals(2, builds(), "the first state is there already");
  }

  @Test
  void twoLaunchersBuildOnce() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/flock")), "flock waits");
    List<Process> launchers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      launchers.add(start(checkout, Map.of("BUILD_SECONDS", "2")));
    }
    for (Process launcher : launchers) {
      assertTrue(said(launcher).contains("jar=first\n"));
    }
    assertEquals(1, builds());
    List<String> left =
        ModelFiles.names(checkout.resolve("target/launcher")).stream()
            .filter(name -> name.startsWith("new"))
            .toList();
    assertEquals(List.of(), left);
  }

  /** What a Maven of the user's has there, or is writing at this moment, stays as it is. */
  @Test
  void theBuildLeavesTheUsersOwnAlone() throws Exception {
    Path target = Files.createDirectory(checkout.resolve("target"));
    Files.writeString(target.resolve("fourierft-1.2.3.jar"), "the user's");
    assertTrue(said(start(checkout, Map.of())).contains("jar=first\n"));
    assertEquals("the user's", Files.readString(target.resolve("fourierft-1.2.3.jar")));
    assertEquals(List.of("fourierft-1.2.3.jar", "launcher"), ModelFiles.names(target));
  }

  @Test
  void runsInUtf8WhateverTheLocaleIs() throws Exception {
    for (Map<String, String> locale :
        List.of(
            Map.<String, String>of(),
            Map.of("LC_ALL", "C"),
            Map.of("LANG", "C"),
            Map.of("LC_ALL", "xx_YY.nothing"))) {
      String said = said(start(checkout, locale));
      assertTrue(said.matches("(?is).*LC_ALL=\\S*utf-?8\n.*"), locale + ": " + said);
    }
    assertTrue(said(start(checkout, Map.of("LANG", "C.UTF-8"))).contains("LC_ALL=\n"));
  }

  @Test
  void aMovedCheckoutWorksAndACopyIsItsOwn() throws Exception {
    said(start(checkout, Map.of()));
    Path moved = Files.move(checkout, folder.resolve("moved"));
    String said = said(start(moved, Map.of("HOME", folder.toString())));
    assertTrue(said.contains("path=" + moved) && said.contains("jar=first\n"), said);
    assertEquals(1, builds(), "the program is the same");
  }

  @Test
  void everyChangeOfTheSourcesIsSeen() throws Exception {
    said(start(checkout, Map.of()));
    Path source = checkout.resolve("src/main/java/A.java");
    FileTime time = Files.getLastModifiedTime(source);
    writeSource("other");
    Files.setLastModifiedTime(source, time);
    assertTrue(said(start(checkout, Map.of())).contains("jar=other\n"), "a time that was set back");
    Path second = checkout.resolve("src/main/java/B.java");
    Files.writeString(second, "");
    said(start(checkout, Map.of()));
    assertEquals(3, builds(), "one more file");
    Files.delete(second);
    said(start(checkout, Map.of()));
    assertEquals(3, builds(), "the sources are those of before");
  }

  @Test
  void theBuildSaysWhatItDoes() throws Exception {
    String said = said(start(checkout, Map.of()));
    assertTrue(said.contains("fourierft: building on first use"), said);
    assertTrue(said.contains("fourierft: compiling...\n"), said);
    assertFalse(said.contains("[INFO]"), said);
  }

  @Test
  void shortCommandsStartWithTheirOwnCompilerAndCollector() throws Exception {
    for (String command : List.of("--version", "merge --help", "inspect folder", "locations")) {
      String said = said(start(checkout, Map.of(), command.split(" ")));
      assertTrue(
          said.contains("-XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+UseSerialGC"),
          command + ": " + said);
      assertFalse(said.contains("start.vector"), command + ": " + said);
    }
    for (String command : List.of("merge --base b", "inspect --plot p", "doctor")) {
      String said = said(start(checkout, Map.of(), command.split(" ")));
      assertFalse(said.contains("TieredStopAtLevel"), command + ": " + said);
      assertFalse(said.contains("UseSerialGC"), command + ": " + said);
      assertTrue(said.contains("-Dfourierft.start.vector=true"), command + ": " + said);
    }
    String own =
        said(start(checkout, Map.of("FOURIERFT_JAVA_OPTS", "-XX:+UseZGC -Xmx1g"), "--version"));
    assertTrue(own.contains("-XX:+UseZGC -Xmx1g") && !own.contains("UseSerialGC"), own);
  }

  @Test
  void theCacheForStartingGoesWithJarAndJava() throws Exception {
    assertTrue(said(start(checkout, Map.of())).contains("-XX:AOTCache=" + checkout));
    said(start(checkout, Map.of()));
    assertEquals(1, caches(), "made once");
    Files.writeString(folder.resolve("jdk").resolve("release"), "JAVA_VERSION=\"25.0.2\"\n");
    said(start(checkout, Map.of()));
    assertEquals(2, caches(), "another Java");
    try (var files = Files.walk(checkout.resolve("target/launcher"))) {
      List<Path> left =
          files.filter(file -> file.getFileName().toString().contains("start-")).toList();
      assertEquals(1, left.size(), "what the old one made is gone: " + left);
    }
    writeSource("second");
    said(start(checkout, Map.of()));
    assertEquals(3, caches(), "another jar");
    Path jar;
    try (var files = Files.walk(checkout.resolve("target/launcher"))) {
      jar =
          files
              .filter(file -> file.endsWith("lib/some.jar"))
              .max(Comparator.comparing(file -> file.toFile().lastModified()))
              .orElseThrow();
    }
    Files.setLastModifiedTime(jar, FileTime.fromMillis(System.currentTimeMillis() + 60_000));
    said(start(checkout, Map.of()));
    assertEquals(4, caches(), "a jar that was replaced");
  }

  /** What a merge loads and help does not need would cost each call for help its time. */
  @Test
  void whatOnlySpeaksOfTheProgramHasACacheOfItsOwn() throws Exception {
    assertTrue(said(start(checkout, Map.of(), "--help")).contains("/start-told-"));
    assertTrue(said(start(checkout, Map.of(), "merge", "--help")).contains("/start-told-"));
    assertEquals(1, caches());
    for (String command : List.of("inspect folder", "merge --base b", "doctor")) {
      String said = said(start(checkout, Map.of(), command.split(" ")));
      assertTrue(said.contains("/start-work-"), command + ": " + said);
    }
    assertEquals(2, caches(), "one of each kind");
  }

  @Test
  void aJavaThatMakesNoCacheIsAskedOnce() throws Exception {
    Path java = folder.resolve("jdk/bin/java");
    script(java, Files.readString(java).replace("echo cache > ", "exit 1; echo "));
    for (int i = 0; i < 2; i++) {
      assertFalse(said(start(checkout, Map.of())).contains("-XX:AOTCache="));
    }
    assertEquals(1, caches());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--add-modules jdk.jfr",
        "-Xmx1g --add-modules=jdk.jfr",
        "--limit-modules java.base",
        "-javaagent:agent.jar",
        "-XX:StartFlightRecording=filename=x.jfr"
      })
  void optionsThatChangeTheGraphOfModulesStartWithoutACache(String options) throws Exception {
    said(start(checkout, Map.of()));
    String said = said(start(checkout, Map.of("FOURIERFT_JAVA_OPTS", options)));
    assertTrue(said.contains(options), said);
    assertFalse(said.contains("-XX:AOTCache="), said);
    assertTrue(
        said(start(checkout, Map.of("FOURIERFT_JAVA_OPTS", "-Xmx1g"))).contains("-XX:AOTCache="));
    assertEquals(1, caches());
  }

  private long caches() throws IOException {
    return Files.readAllLines(folder.resolve("builds.caches")).size();
  }

  @Test
  void aFolderWithAColonIsRefusedBeforeAnythingIsBuilt() throws Exception {
    Path moved = Files.move(checkout, folder.resolve("at 12:30"));
    Process process = start(moved, Map.of());
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(1, process.exitValue());
    assertTrue(text.contains(moved + " has a colon in its name"), text);
    assertFalse(Files.exists(moved.resolve("target")));
    assertFalse(Files.exists(folder.resolve("builds")));
  }

  @Test
  void aFailedBuildIsToldAndLeavesNoProgram() throws Exception {
    script(tools.resolve("mvn"), "echo 'no network'\nexit 1\n");
    Process process = start(checkout, Map.of());
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(1, process.exitValue());
    assertTrue(text.contains("no network") && text.contains("the build failed"), text);
    assertFalse(
        ModelFiles.names(checkout.resolve("target/launcher")).stream()
            .anyMatch(name -> name.matches("\\d.*|new.*")));
  }
}
