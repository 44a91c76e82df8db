package io.fourierft.peft;

import io.fourierft.internal.files.NaturalOrder;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Proposes the renaming under which an adapter's modules would be found, where their names and the
 * base's differ in their beginnings alone.
 */
final class RenameProposal {
  private RenameProposal() {}

  /** Words for the end of a message; empty if no such renaming finds all of {@code missing}. */
  static String of(List<String> missing, Set<String> base) {
    String first = missing.getFirst();
    TreeSet<String> proposals = new TreeSet<>(NaturalOrder::compare);
    for (String known : base) {
      String end = commonEnd(first, known);
      if (end.isEmpty()) {
        continue;
      }
      String from = first.substring(0, first.length() - end.length());
      String to = known.substring(0, known.length() - end.length());
      if (missing.stream().allMatch(name -> finds(name, from, to, base))) {
        proposals.add("ResolveOptions.renames '^" + from.replace(".", "\\.") + "=" + to + "'");
      }
    }
    return proposals.isEmpty() || proposals.size() > 4
        ? ""
        : "; if they are the same by another name, say so: " + String.join(" or ", proposals);
  }

  private static boolean finds(String name, String from, String to, Collection<String> base) {
    return name.startsWith(from) && base.contains(to + name.substring(from.length()));
  }

  /** The longest end of whole parts, of two at least, that both names have. */
  private static String commonEnd(String a, String b) {
    String end = "";
    for (int dot = a.length(); dot >= 0; dot = a.lastIndexOf('.', dot - 1)) {
      String tail = a.substring(dot == a.length() ? dot : dot + 1);
      if (!tail.isEmpty() && (b.equals(tail) || b.endsWith("." + tail))) {
        end = tail;
      } else if (!tail.isEmpty()) {
        break;
      }
      if (dot == 0) {
        break;
      }
    }
    return end.contains(".") ? end : "";
  }
}
