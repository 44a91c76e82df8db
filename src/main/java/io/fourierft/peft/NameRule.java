package io.fourierft.peft;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One rule of the table of names: a run of path parts that is written differently. {@code #} in it
 * stands for a number, {@code ^} before it for the start of the name; a name that says the new form
 * already is left as it is.
 */
final class NameRule {
  private final String from;
  private final String to;
  private final Pattern fromPattern;
  private final Pattern toPattern;

  NameRule(String from, String to) {
    this.from = from;
    this.to = to;
    fromPattern = pattern(from);
    toPattern = pattern(to);
  }

  /** Whether the name has a run of {@code from}. */
  boolean matches(String name) {
    return fromPattern.matcher(name).find();
  }

  /** The name with every run of {@code from} rewritten. */
  String apply(String name) {
    return rewrite(name, fromPattern, to, toPattern);
  }

  /** The name with every run of {@code to} written the old way. */
  String revert(String name) {
    return rewrite(name, toPattern, from, fromPattern);
  }

  private static String rewrite(String name, Pattern from, String to, Pattern done) {
    Matcher at = from.matcher(name);
    if (!at.find()) {
      return name;
    }
    List<int[]> kept = new ArrayList<>();
    Matcher already = done.matcher(name);
    while (already.find()) {
      kept.add(new int[] {already.start(), already.end()});
    }
    StringBuilder out = new StringBuilder();
    do {
      int start = at.start();
      int end = at.end();
      boolean stays = kept.stream().anyMatch(run -> run[0] <= start && end <= run[1]);
      at.appendReplacement(out, Matcher.quoteReplacement(stays ? at.group() : filled(to, at)));
    } while (at.find());
    return at.appendTail(out).toString();
  }

  private static String filled(String template, Matcher numbers) {
    String text = template.startsWith("^") ? template.substring(1) : template;
    for (int group = 1; group <= numbers.groupCount(); group++) {
      text = text.replaceFirst("#", numbers.group(group));
    }
    return text;
  }

  private static Pattern pattern(String run) {
    boolean first = run.startsWith("^");
    StringBuilder regex = new StringBuilder(first ? "^" : "(?<![^.])");
    for (String part : (first ? run.substring(1) : run).split("#", -1)) {
      regex.append(Pattern.quote(part)).append("(\\d+)");
    }
    regex.setLength(regex.length() - "(\\d+)".length());
    return Pattern.compile(regex.append("(?![^.])").toString());
  }

  @Override
  public String toString() {
    return from + " -> " + to;
  }
}
