package io.fourierft.peft;

import java.util.ArrayList;
import java.util.List;

/**
 * A rule of the table of names for tensors that are fused on one side alone: {@code split} and
 * {@code turns}, one tensor on disk and several in the model; {@code join}, several on disk and one
 * in the model.
 */
final class Fusion {
  private static final String ROTARY = "rotary(";

  private final String kind;
  private final String whole;
  private final List<NameTable.Part> parts;

  private Fusion(String kind, String whole, List<NameTable.Part> parts) {
    this.kind = kind;
    this.whole = whole;
    this.parts = parts;
  }

  /** The rule of one line. */
  static Fusion of(String kind, String from, String to) {
    boolean join = kind.equals("join");
    List<NameTable.Part> parts = new ArrayList<>();
    for (String text : (join ? from : to).split(" \\| ", -1)) {
      String heads = "";
      String name = text;
      NameTable.Order order =
          kind.equals("turns") ? NameTable.Order.BY_TURNS : NameTable.Order.BELOW;
      if (text.startsWith(ROTARY)) {
        int close = text.indexOf(')');
        heads = text.substring(ROTARY.length(), close);
        name = text.substring(close + 1).strip();
        order = NameTable.Order.ROTARY;
      }
      parts.add(new NameTable.Part(name, order, heads));
    }
    return new Fusion(kind, join ? to : from, parts);
  }

  boolean isJoin() {
    return kind.equals("join");
  }

  List<NameTable.Part> parts() {
    return parts;
  }

  /** Whether a tensor of this name is what the rule speaks of on disk. */
  boolean holds(String name) {
    return isJoin() ? position(name) >= 0 : new NameRule(whole, "").matches(name);
  }

  /** Which of the tensors that are joined this one is; -1 if none. */
  int position(String name) {
    for (int i = 0; i < parts.size(); i++) {
      if (new NameRule(parts.get(i).name(), whole).matches(name)) {
        return i;
      }
    }
    return -1;
  }

  /** The name of a part of a fused tensor. */
  String part(String name, NameTable.Part part) {
    return new NameRule(whole, part.name()).apply(name);
  }

  /** The name of the whole that a tensor is joined to. */
  String whole(String name) {
    return new NameRule(parts.get(position(name)).name(), whole).apply(name);
  }

  @Override
  public String toString() {
    return kind + " " + whole + " " + parts;
  }
}
