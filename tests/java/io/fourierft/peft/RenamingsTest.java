package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Renamings as they are said, proposed, and names that come near. */
class RenamingsTest {
  @Test
  void aRenamingIsAnExpressionAndWhatTakesItsPlace() {
    NameRename rename = NameRename.parse("^blk\\.(\\d+)=layers.\\1");
    assertTrue(rename.isOf("blk.3.q"));
    assertFalse(rename.isOf("x.blk.3.q"));
    assertEquals("layers.3.q", rename.apply("blk.3.q"));
    assertEquals("^blk\\.(\\d+)=layers.$1", rename.toString());
    assertEquals("bc", NameRename.parse("a=b").apply("ac"));
    assertEquals("c", NameRename.parse("a=").apply("ac"));
  }

  @Test
  void whatIsNoRenamingIsRefused() {
    Refusal.says(() -> NameRename.parse("a"), "REGEX=REPLACEMENT, but 'a' is not");
    Refusal.says(() -> NameRename.parse("=a"), "REGEX=REPLACEMENT, but '=a' is not");
    Refusal.says(() -> NameRename.parse("(=a"), "'(' is no regular expression");
    Refusal.says(
        () -> NameRename.parse("(a)=$2"), "the renaming '(a)=$2' asks for group 2, but has 1");
    Refusal.says(() -> NameRename.parse("a=\\1"), "asks for group 1, but has 0");
  }

  private static String proposal(List<String> missing, String... base) {
    return RenameProposal.of(missing, Set.of(base));
  }

  @Test
  void aProposedRenamingFindsEveryMissingModule() {
    assertEquals(
        "; if they are the same by another name, say so:"
            + " ResolveOptions.renames '^model\\.=text.'",
        proposal(
            List.of("model.dec.layers.0.q", "model.dec.layers.1.q"),
            "text.dec.layers.0.q",
            "text.dec.layers.1.q",
            "other"));
    assertEquals("", proposal(List.of("a.x.q", "a.x.k"), "b.x.q"), "k is not there");
    assertEquals("", proposal(List.of("a.x.q", "c.x.k"), "b.x.q", "b.x.k"), "c is not a");
    assertEquals("", proposal(List.of("a.x.q"), "b.y.q"), "one common part is too few");
  }

  @Test
  void fourProposalsAreToldAndFiveAreNone() {
    List<String> missing = List.of("a.x.q");
    String[] five = IntStream.range(0, 5).mapToObj(i -> "b" + i + ".x.q").toArray(String[]::new);
    String[] four = List.of(five).subList(0, 4).toArray(String[]::new);
    assertEquals(
        IntStream.range(0, 4)
            .mapToObj(i -> "ResolveOptions.renames '^a\\.=b" + i + ".'")
            .collect(
                Collectors.joining(" or ", "; if they are the same by another name, say so: ", "")),
        proposal(missing, four));
    assertEquals("", proposal(missing, five));
  }

  /** Levenshtein's distances, by hand. */
  @ParameterizedTest
  @CsvSource({"'', abc, 3", "abc, '', 3", "kitten, sitting, 3", "abc, abc, 0", "abc, ca, 3"})
  void aDistanceCountsInsertionsDeletionsAndReplacements(String a, String b, int distance) {
    assertEquals(distance, NearestNames.distance(a, b));
    assertEquals(distance, NearestNames.distance(b, a));
  }
}
