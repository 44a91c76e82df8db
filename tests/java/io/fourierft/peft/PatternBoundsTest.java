package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where one character, number or step more or less makes the difference to an expression. */
class PatternBoundsTest {
  @Test
  void theEdgesOfTheGrammarAreWherePythonHasThem() throws IOException {
    JsonNode rows =
        ConfigReader.tree(
            Files.readString(PeftCases.RESOURCES.resolve("peft/regex_edges.json")),
            "regex_edges.json");
    List<String> wrong = new ArrayList<>();
    for (JsonNode row : rows) {
      String expression = row.get(0).textValue();
      List<String> expected = row.get(2).isNull() ? null : strings(row.get(2));
      List<String> found = matched(expression, strings(row.get(1)));
      if (expected == null ? found != null : !expected.equals(found)) {
        wrong.add(expression + "\n  python " + expected + "\n  here   " + found);
      }
    }
    assertTrue(rows.size() > 100);
    assertEquals(List.of(), wrong);
  }

  /** Those that match from end to end, or null if the expression is refused. */
  private static List<String> matched(String expression, List<String> texts) {
    PythonPattern pattern;
    try {
      pattern = pattern(expression);
    } catch (PeftException refused) {
      return null;
    }
    return texts.stream().filter(pattern::matchesAll).toList();
  }

  @ParameterizedTest
  @CsvSource({
    // A word of the table of what was tried; the instruction and the set; the end; the table again.
    "a, a, 5",
    // The same for each character, and nothing is tried again.
    "ab, ab, 7",
    // A fork has its own step, and so has the jump behind the first way.
    "a|b, a, 7",
    "a|b, b, 8",
    // A look-ahead has a table of its own.
    "(?=a)a, a, 11"
  })
  void everyStepIsCounted(String expression, String text, long steps) {
    PatternProgram program = program(expression);
    PatternMatch match = new PatternMatch(program, text, Long.MAX_VALUE);
    assertTrue(match.matches(true));
    assertEquals(steps, match.steps());
    assertTrue(new PatternMatch(program, text, steps).matches(true), "all are allowed");
    PatternMatch shorter = new PatternMatch(program, text, steps - 1);
    assertThrows(PatternMatch.StepsExceeded.class, () -> shorter.matches(true));
  }

  /** Ways that come to one place at one position are followed once, however many they are. */
  @Test
  void theStepsAreBoundedByTheLengthsOfTheExpressionAndTheText() {
    PatternProgram program = program("(?:a|aa|aaa)*b");
    String text = "a".repeat(200);
    PatternMatch match = new PatternMatch(program, text, 1_000_000);
    assertFalse(match.matches(true));
    long most = 3L * program.length() * (text.length() + 1);
    assertTrue(match.steps() < most, match.steps() + " steps");
  }

  @Test
  void aMatchIsPaidFromTheBudgetAndAQuestionGivesSomeOfItBack() {
    PatternBudget budget = new PatternBudget();
    PythonPattern pattern = PythonPattern.of("ab", "test", budget);
    assertTrue(pattern.matchesAll("ab"));
    assertEquals(PatternBudget.STEPS - 7, budget.stepsLeft(), "the steps of 'ab' above");
    budget.takeSteps(2 * PatternBudget.STEPS_BACK);
    budget.beginQuestion();
    assertEquals(PatternBudget.STEPS - 7 - PatternBudget.STEPS_BACK, budget.stepsLeft());
    budget.beginQuestion();
    budget.beginQuestion();
    assertEquals(PatternBudget.STEPS, budget.stepsLeft(), "never more than there were");
  }

  @Test
  void aCommentEndsWithItsLine() {
    PythonPattern pattern = pattern("(?x)a# and c\n b");
    assertTrue(pattern.matchesAll("ab"));
    assertFalse(pattern.matchesAll("andc"));
    assertTrue(pattern("(?x)a# and c").matchesAll("a"));
  }

  @Test
  void aLargeSetCostsMoreToLookUp() {
    assertEquals(1, CharacterSet.of('a', PatternFlags.NONE).cost());
    CharacterSet.Builder large = new CharacterSet.Builder(PatternFlags.NONE);
    for (int i = 0; i < 40; i++) {
      large.add(2 * i, 2 * i);
    }
    assertEquals(6, large.build().cost());
  }

  /** What is checked before a program is made must not be less than what is made. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "a|bcd",
        "aaaa|bbbb|cccc",
        "(?:|||||)",
        "a*",
        "(ab)+",
        "(ab){3,}?",
        "(ab){2,7}",
        "a{2,7}",
        "(a|b){1,3}(?:c{5}){4}",
        "(?:^|$){9}",
        "(?P<x>a)(?P<y>b)",
        "(?=a)(?!b)(?<=c)(?<!d)e",
        "(?>a)(?>b)(?>c)(?>d)",
        "(?:a++)*+"
      })
  void aProgramIsNoLongerThanWasReckoned(String expression) {
    PatternNode node = PythonPatternParser.parse(expression, "test");
    long reckoned = PatternProgram.size(node) + 1;
    int length = PatternProgram.of(node).length();
    assertTrue(length <= reckoned, length + " instructions, reckoned " + reckoned);
  }

  @Test
  void theLastInstructionThatFitsIsTaken() {
    assertTrue(pattern("a{19999}").matchesAll("a".repeat(19_999)));
    assertTrue(Refusal.of(() -> pattern("a{20000}")).contains("is too long"));
    PatternBudget budget = new PatternBudget();
    assertFalse(budget.takeInstructions(PatternBudget.INSTRUCTIONS_EACH + 1));
    for (int i = 0; i < 10; i++) {
      assertTrue(budget.takeInstructions(PatternBudget.INSTRUCTIONS_EACH), "expression " + i);
    }
    assertFalse(budget.takeInstructions(1));
  }

  @Test
  void theLongestExpressionAndTheLargestCountAreTaken() {
    String comment = "(?#" + "x".repeat(79_995) + ")a";
    assertEquals(80_000, comment.length());
    assertTrue(pattern(comment).matchesAll("a"));
    assertTrue(Refusal.of(() -> pattern(comment + "a")).contains("longer than 80000"));
    assertTrue(pattern("(?:){4294967294}a").matchesAll("a"));
    assertTrue(Refusal.of(() -> pattern("(?:){4294967295}a")).contains("too large"));
  }

  @Test
  void groupsOneAfterTheOtherAreNotNested() {
    assertTrue(pattern("(a)".repeat(150)).matchesAll("a".repeat(150)));
  }

  @Test
  void aMessageCutsWhatIsLongerThanTwoHundredCharacters() {
    String longest = "(" + "a".repeat(199);
    assertTrue(Refusal.of(() -> pattern(longest)).startsWith("test: '" + longest + "' is no"));
    String longer = longest + "b";
    assertTrue(Refusal.of(() -> pattern(longer)).startsWith("test: '" + longest + "...' is no"));
  }

  @ParameterizedTest
  @CsvSource({
    "ab[b-a]c, 2, no order",
    "ab[\\d-a]c, 2, no order",
    "ab\\18, 2, there is no group 1",
    "(a)\\18, 3, back-references"
  })
  void aRefusalNamesWhereItsPartBegins(String expression, int position, String reason) {
    String message = Refusal.of(() -> pattern(expression));
    assertTrue(message.contains(reason), message);
    assertTrue(message.endsWith("(at position " + position + ")"), message);
  }

  @Test
  void eachNamedGroupHasItsOwnPlace() {
    PythonPattern pattern = pattern("(?P<x>a+)(?P<y>b+)(?P<z>c)?");
    assertEquals("aa", pattern.groupAtStart("aabbb", "x"));
    assertEquals("bbb", pattern.groupAtStart("aabbb", "y"));
    assertEquals("", pattern.groupAtStart("aabbb", "z"), "it took no part");
    assertEquals("", pattern.groupAtStart("aa", "x"), "nothing matches");
    assertEquals("", pattern.groupAtStart("aab", "w"), "there is none");
  }

  private static PythonPattern pattern(String expression) {
    return PythonPattern.of(expression, "test", new PatternBudget());
  }

  private static PatternProgram program(String expression) {
    return PatternProgram.of(PythonPatternParser.parse(expression, "test"));
  }

  private static List<String> strings(JsonNode array) {
    List<String> values = new ArrayList<>();
    array.forEach(element -> values.add(element.textValue()));
    return values;
  }
}
