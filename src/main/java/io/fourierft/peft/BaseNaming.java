package io.fourierft.peft;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * How the paths of an adapter's modules and those of a base model's files differ. A checkpoint of
 * the bare model has {@code h.0.attn} where the model with a head, which PEFT adapted, has {@code
 * transformer.h.0.attn}, or the reverse: transformers matches the two when it loads, so this does.
 *
 * @param adapterPrefix what only the adapter's paths begin with, with its dot; or empty
 * @param basePrefix what only the base model's paths begin with, with its dot; or empty
 */
record BaseNaming(String adapterPrefix, String basePrefix) {
  static final BaseNaming SAME = new BaseNaming("", "");

  /** The naming under which all modules are found; {@link #SAME} if there is no such. */
  static BaseNaming between(Collection<String> adapterPaths, Set<String> basePaths) {
    if (adapterPaths.isEmpty() || adapterPaths.stream().anyMatch(basePaths::contains)) {
      return SAME;
    }
    String first = adapterPaths.iterator().next();
    int dot = first.indexOf('.');
    if (dot >= 0) {
      BaseNaming shorter = new BaseNaming(first.substring(0, dot + 1), "");
      if (shorter.findsAll(adapterPaths, basePaths)) {
        return shorter;
      }
    }
    Set<String> prefixes = new HashSet<>();
    for (String base : basePaths) {
      if (base.endsWith("." + first)) {
        prefixes.add(base.substring(0, base.length() - first.length()));
      }
    }
    prefixes.removeIf(prefix -> prefix.indexOf('.') < prefix.length() - 1);
    for (String prefix : prefixes) {
      BaseNaming longer = new BaseNaming("", prefix);
      if (prefixes.size() == 1 && longer.findsAll(adapterPaths, basePaths)) {
        return longer;
      }
    }
    return SAME;
  }

  private boolean findsAll(Collection<String> adapterPaths, Set<String> basePaths) {
    return adapterPaths.stream()
        .allMatch(path -> path.startsWith(adapterPrefix) && basePaths.contains(toBase(path)));
  }

  /** The name in the base model's files. */
  String toBase(String adapterPath) {
    return adapterPath.startsWith(adapterPrefix)
        ? basePrefix + adapterPath.substring(adapterPrefix.length())
        : adapterPath;
  }

  /** The path in the model that PEFT adapted. */
  String toAdapter(String basePath) {
    if (!basePrefix.isEmpty()) {
      return basePath.startsWith(basePrefix) ? basePath.substring(basePrefix.length()) : basePath;
    }
    return adapterPrefix + basePath;
  }
}
