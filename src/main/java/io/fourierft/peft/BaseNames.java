package io.fourierft.peft;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the weights of a base model by the names that an adapter has for them. The names of files
 * and of models differ by the release of transformers (see {@link NameTable}) and by what goes
 * before them (see {@link BaseNaming}); of the ways to read them, that holds under which most
 * modules of the adapter are found, then most of the tensors that it carries whole, then the plain
 * one.
 */
final class BaseNames {
  private static final String WEIGHT = ".weight";
  private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)\\d+(?=\\.|$)");

  private final BaseModel base;
  private final NameTable table;
  private final List<NameRename> renames;
  private final NameReading reading;
  private final NameReading current;
  private final BaseNaming naming;
  private final Map<String, String> adapterNames = new HashMap<>();
  private final Map<String, String> peers = new HashMap<>();

  private BaseNames(
      BaseModel base,
      List<NameRename> renames,
      NameReading reading,
      NameReading current,
      BaseNaming naming) {
    this.base = base;
    this.table = base.names();
    this.current = current;
    this.renames = renames;
    this.reading = reading;
    this.naming = naming;
  }

  /**
   * The names of a base as an adapter with these modules has them.
   *
   * @param extraTensors the tensors that it carries whole, which renamings are of as well
   * @param adapterClass the class that the adapter was made on, if it says; a tower's has names of
   *     its own
   * @throws PeftException if a renaming is of none of the adapter's names
   */
  static BaseNames between(
      Collection<String> adapterPaths,
      Collection<ExtraTensor> extraTensors,
      @Nullable String adapterClass,
      BaseModel base,
      List<NameRename> renames) {
    for (NameRename rename : renames) {
      Stream<String> carried = extraTensors.stream().map(extra -> path(extra.baseTensor()));
      if (Stream.concat(adapterPaths.stream(), carried).noneMatch(rename::isOf)) {
        throw new PeftException(
            "the renaming '%s' is of no name of the adapter; its names are as '%s'"
                .formatted(rename, adapterPaths.iterator().next()));
      }
    }
    NameTable table = base.names();
    NameReading stored = NameReading.of(base, UnaryOperator.identity(), null);
    NameReading current = NameReading.of(base, table::current, table);
    List<BaseNames> ways = new ArrayList<>();
    for (NameReading reading : List.of(stored, current)) {
      ways.add(new BaseNames(base, renames, reading, current, BaseNaming.SAME));
    }
    List<String> towers =
        adapterClass == null ? List.of() : NameTable.of(Set.of(adapterClass)).towers();
    for (NameReading reading : List.of(stored, current)) {
      for (String tower : towers) {
        ways.add(new BaseNames(base, renames, reading, current, new BaseNaming("", tower)));
      }
    }
    for (NameReading reading : List.of(stored, current)) {
      BaseNames plain = new BaseNames(base, renames, reading, current, BaseNaming.SAME);
      List<String> trunk =
          adapterPaths.stream().map(plain::read).filter(path -> !reading.isHead(path)).toList();
      BaseNaming naming = BaseNaming.between(trunk, reading.modules().keySet());
      ways.add(new BaseNames(base, renames, reading, current, naming));
    }
    BaseNames best = ways.getFirst();
    long most = -1;
    long mostCarried = -1;
    for (BaseNames way : ways) {
      long found = adapterPaths.stream().filter(path -> way.module(path) != null).count();
      long carried =
          extraTensors.stream().filter(extra -> way.found(extra.baseTensor()).isPresent()).count();
      if (found > most || (found == most && carried > mostCarried)) {
        most = found;
        mostCarried = carried;
        best = way;
      }
    }
    best.remember(adapterPaths);
    return best;
  }

  private void remember(Collection<String> adapterPaths) {
    for (String path : adapterPaths) {
      BasePlace place = module(path);
      if (place != null) {
        adapterNames.put(place.module().name(), path);
        peers.putIfAbsent(LayoutEvidence.pattern(place.module().name()), place.module().name());
      }
    }
  }

  /** What goes before the names on one side alone. */
  BaseNaming naming() {
    return naming;
  }

  /** Whether the two sides speak of the same weights by different names, a prefix aside. */
  boolean isRenamed() {
    return adapterNames.entrySet().stream()
        .anyMatch(entry -> !naming.toBase(entry.getValue()).equals(entry.getKey()));
  }

  /** Whether a renaming says of this tensor of the adapter that its name is right. */
  boolean isConfirmed(String adapterTensor) {
    String path = path(adapterTensor);
    return renames.stream()
        .anyMatch(rename -> rename.isOf(path) && rename.apply(path).equals(path));
  }

  /** Where the module of an adapter is in the base, or null; a head stands outside any prefix. */
  @Nullable BasePlace module(String adapterPath) {
    String read = read(adapterPath);
    BasePlace place = reading.modules().get(naming.toBase(read));
    return place == null && reading.isHead(read) ? reading.modules().get(read) : place;
  }

  /** Every layer that the adapted model may have: of fused and joined ones the model's own. */
  Collection<BasePlace> places() {
    Set<String> fused = reading.fused();
    boolean fusedInTheModelToo = adapterNames.keySet().stream().anyMatch(fused::contains);
    return reading.modules().values().stream()
        .filter(place -> !place.isTied())
        .filter(
            place -> fusedInTheModelToo ? !place.isPart() : !fused.contains(place.module().name()))
        .toList();
  }

  /**
   * The name of the base's own tensor, or of one tied to it, for a tensor's name in the adapter.
   */
  Optional<BasePlace> tensor(String adapterTensor) {
    String today = table.current(readTensor(adapterTensor));
    return found(adapterTensor)
        .map(reading.tensors()::get)
        .or(() -> Optional.ofNullable(current.tensors().get(today)));
  }

  /** The name that {@link BaseModel#tensor} has for a tensor's name in the adapter. */
  String currentName(String adapterTensor) {
    return found(adapterTensor)
        .flatMap(
            read ->
                Optional.ofNullable(reading.tensors().get(read))
                    .map(place -> base.currentName(read, place)))
        .orElseGet(() -> base.currentName(readTensor(adapterTensor)));
  }

  /** A tensor of the adapter as it is read in the base; empty if it is not there. */
  private Optional<String> found(String adapterTensor) {
    String name = readTensor(adapterTensor);
    return Stream.of(naming.toBase(name), name, adapterTensor)
        .filter(reading.tensors()::containsKey)
        .findFirst();
  }

  /** The name that a tensor which the base lacks has beside the base's own. */
  String newTensor(String adapterTensor) {
    String name = readTensor(adapterTensor);
    if (!naming.adapterPrefix().isEmpty()) {
      name = naming.toBase(name);
    }
    return reading.isOriginal() ? besideStored(name).orElse(table.original(name)) : name;
  }

  /** A name of today as it would be in the base's files, by those that stand in the same place. */
  private Optional<String> besideStored(String name) {
    for (String place = path(name); place.contains("."); place = path(place)) {
      String start = place + ".";
      for (Map.Entry<String, BasePlace> known : reading.tensors().entrySet()) {
        String stored = known.getValue().tensor();
        String end = known.getKey().substring(Math.min(place.length(), known.getKey().length()));
        if (known.getKey().startsWith(start)
            && !known.getValue().isPart()
            && stored.endsWith(end)) {
          return Optional.of(
              stored.substring(0, stored.length() - end.length()) + name.substring(place.length()));
        }
      }
    }
    return Optional.empty();
  }

  /** The path that the adapter has, or would have, for a module of the base. */
  String toAdapter(String module) {
    String known = adapterNames.get(module);
    if (known != null) {
      return known;
    }
    String peer = peers.get(LayoutEvidence.pattern(module));
    if (peer != null) {
      String adapterPeer = String.valueOf(adapterNames.get(peer));
      if (numbers(peer).equals(numbers(adapterPeer))) {
        return withNumbers(adapterPeer, numbers(module));
      }
    }
    return naming.toAdapter(reading.name(module));
  }

  private String read(String adapterPath) {
    return NameReading.withoutWeight(readTensor(adapterPath + WEIGHT));
  }

  private String readTensor(String adapterTensor) {
    String path = path(adapterTensor);
    String leaf = adapterTensor.substring(path.length());
    for (NameRename rename : renames) {
      path = rename.apply(path);
    }
    return reading.naming().apply(path + leaf);
  }

  /** What renamings are of: the module of a tensor, or a tensor that stands in none. */
  private static String path(String tensor) {
    int dot = tensor.lastIndexOf('.');
    return dot < 0 ? tensor : tensor.substring(0, dot);
  }

  private static List<String> numbers(String path) {
    return NUMBER.matcher(path).results().map(MatchResult::group).toList();
  }

  private static String withNumbers(String path, List<String> numbers) {
    int[] next = {0};
    return NUMBER
        .matcher(path)
        .replaceAll(match -> Matcher.quoteReplacement(numbers.get(next[0]++)));
  }
}
