package io.fourierft.safetensors;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The order in which the reference writer stores tensors. */
final class ReferenceOrder {
  /** By code point, which is the order of UTF-8 bytes; {@code String}'s own is of UTF-16 units. */
  static final Comparator<String> NAMES = ReferenceOrder::compareCodePoints;

  private ReferenceOrder() {}

  /** By dtype, the largest alignment first, then by name. */
  static List<TensorDeclaration> sort(Collection<TensorDeclaration> tensors) {
    return tensors.stream()
        .sorted(
            Comparator.comparing(TensorDeclaration::dtype)
                .reversed()
                .thenComparing(TensorDeclaration::name, NAMES))
        .toList();
  }

  private static int compareCodePoints(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char left = a.charAt(i);
      char right = b.charAt(i);
      if (left != right) {
        // A surrogate stands for a code point above all that are not surrogates.
        boolean leftSurrogate = Character.isSurrogate(left);
        return leftSurrogate == Character.isSurrogate(right)
            ? Character.compare(left, right)
            : leftSurrogate ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
