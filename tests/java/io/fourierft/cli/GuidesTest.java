package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The guides: their links lead somewhere, and their commands run. SnippetTest has their Java. */
class GuidesTest {
  private static final Path PROJECT = Path.of(System.getProperty("fourierft.project.dir", "."));
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\S*)[^\\n]*\\n(.*?)^```$");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

  @TempDir Path folder;

  private static List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(PROJECT.resolve("docs"))) {
      return Stream.concat(
              files.filter(file -> file.toString().endsWith(".md")),
              Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
                  .map(PROJECT::resolve)
                  .filter(Files::exists))
          .sorted()
          .toList();
    }
  }

  private static List<Path> guides() throws IOException {
    return pages().stream().filter(page -> page.getParent().endsWith("docs")).toList();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsSomewhere(Path page) throws IOException {
    String text = BLOCK.matcher(Files.readString(page)).replaceAll("");
    Matcher links = LINK.matcher(text);
    while (links.find()) {
      String link = links.group(1);
      if (link.matches("[a-z]+:.*")) {
        continue;
      }
      String[] parts = link.split("#", 2);
      Path target = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
      assertTrue(Files.exists(target), page + " links to " + link);
      if (parts.length > 1) {
        assertTrue(anchors(target).contains(parts[1]), page + " links to " + link);
      }
    }
  }

  /** The headings of a page as its links name them. */
  private static Set<String> anchors(Path page) throws IOException {
    Set<String> anchors = new HashSet<>();
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("#")) {
        String words = line.replaceFirst("^#+ *", "").toLowerCase(Locale.ROOT);
        anchors.add(words.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'));
      }
    }
    return anchors;
  }

  /** From the first page every other can be reached. */
  @Test
  void everyGuideIsListed() throws IOException {
    String index = Files.readString(PROJECT.resolve("docs/index.md"));
    for (Path page : guides()) {
      String name = String.valueOf(page.getFileName());
      assertTrue(name.equals("index.md") || index.contains("](" + name + ")"), name);
    }
  }

  @ParameterizedTest
  @MethodSource("guides")
  void everyCommandRuns(Path page) throws IOException {
    Matcher blocks = BLOCK.matcher(Files.readString(page));
    while (blocks.find()) {
      switch (blocks.group(1)) {
        case "sh" -> {
          for (String line : blocks.group(2).lines().toList()) {
            // Builds are tried by .ci/packaging.sh; what has an ellipsis is no whole command.
            if (!page.endsWith("dependency.md") && !line.contains("...")) {
              assertRuns(page, line);
            }
          }
        }
        case "java", "xml", "groovy" -> {}
        case "text" ->
            assertFalse(
                blocks.group(2).contains("./fourierft"), page + ": a command is not run by a test");
        default -> throw new AssertionError(page + ": what is a block of " + blocks.group(1));
      }
    }
  }

  private void assertRuns(Path page, String line) {
    List<Object> words = new ArrayList<>();
    for (String word : line.strip().split(" +", -1)) {
      words.add(
          word.startsWith("examples/")
              ? PROJECT.resolve(word)
              : word.startsWith("target/") ? folder.resolve(word) : word);
    }
    assertEquals("./fourierft", words.removeFirst(), page + ": " + line);
    CommandLineRun run = CommandLineRun.of(words.toArray());
    assertEquals(0, run.code(), page + ": " + line + "\n" + run.err());
  }
}
