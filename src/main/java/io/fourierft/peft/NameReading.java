package io.fourierft.peft;

import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * All names of a base, read one way: as they are in its files, or as a model of today has them.
 *
 * @param naming from a name in the files to the one that is read
 * @param modules the layers by what is read, without {@code .weight}
 * @param tensors all tensors likewise
 * @param fused layers of the files that the model does not have as such, but in parts or joined
 * @param isOriginal whether a name of the files is read otherwise than it is written
 */
record NameReading(
    UnaryOperator<String> naming,
    Map<String, BasePlace> modules,
    Map<String, BasePlace> tensors,
    Set<String> fused,
    boolean isOriginal) {
  private static final String WEIGHT = ".weight";

  /**
   * Reads the names.
   *
   * @param table says what is fused; null if tensors are taken as they are
   */
  static NameReading of(BaseModel base, UnaryOperator<String> naming, @Nullable NameTable table) {
    Map<String, TensorInfo> all = new LinkedHashMap<>(base.tensors());
    base.ties()
        .aliases()
        .forEach(
            (alias, stored) -> {
              TensorInfo info = base.tensors().get(stored);
              if (info != null) {
                all.putIfAbsent(alias, info);
              }
            });
    Reader reader = new Reader(base);
    boolean original = false;
    for (Map.Entry<String, TensorInfo> entry : all.entrySet()) {
      String name = entry.getKey();
      String read = naming.apply(name);
      original |= !read.equals(name);
      reader.whole(read, name, entry.getValue());
      if (table != null) {
        reader.parts(name, entry.getValue(), table);
        table
            .joint(name)
            .ifPresent(
                joint ->
                    reader
                        .joints
                        .computeIfAbsent(joint.name(), key -> new TreeMap<>())
                        .put(joint.position(), name));
      }
    }
    if (table != null) {
      reader.joints(table);
    }
    reader.twice.forEach(reader.tensors::remove);
    Map<String, BasePlace> modules = new LinkedHashMap<>();
    reader.tensors.forEach(
        (name, place) -> {
          if (name.endsWith(WEIGHT) && place.module().weight().shape().size() == 2) {
            modules.put(withoutWeight(name), place);
          }
        });
    return new NameReading(naming, modules, reader.tensors, reader.fused, original);
  }

  /**
   * Refuses a place whose rows are in an order that nobody tells.
   *
   * @throws PeftException if the rows are in the order of heads, and their number is not known
   */
  static BasePlace requireOrder(BasePlace place, BaseModel base) {
    for (WeightSlice slice : place.slices()) {
      if (slice.rotaryHeads() < 0) {
        String key =
            base.names().parts(slice.weight()).stream()
                .map(NameTable.Part::heads)
                .filter(heads -> !heads.isEmpty())
                .findFirst()
                .orElseThrow();
        throw new PeftException(
            ("the rows of '%s' are in the order of its heads, and %s of config.json does not say"
                    + " how many they are; give the base model with its whole config.json")
                .formatted(slice.weight(), key));
      }
    }
    return place;
  }

  /** Whether this is an output embedding of the base, be it one that is tied to another weight. */
  boolean isHead(String module) {
    BasePlace place = modules.get(module);
    String leaf = module.substring(module.lastIndexOf('.') + 1);
    return place != null && (place.isTied() || EmbeddingNames.isOutput(leaf));
  }

  /** The name of a module as it is read. */
  String name(String module) {
    return withoutWeight(naming.apply(module + WEIGHT));
  }

  /** The name of the module that a weight is of. */
  static String withoutWeight(String tensor) {
    return tensor.endsWith(WEIGHT)
        ? tensor.substring(0, tensor.length() - WEIGHT.length())
        : tensor;
  }

  /** Collects what is found. */
  private static final class Reader {
    private final BaseModel base;
    private final Map<String, BasePlace> tensors = new HashMap<>();
    private final Set<String> twice = new HashSet<>();
    private final Set<String> fused = new HashSet<>();
    private final Map<String, TreeMap<Integer, String>> joints = new LinkedHashMap<>();

    Reader(BaseModel base) {
      this.base = base;
    }

    void whole(String read, String name, TensorInfo info) {
      String module = withoutWeight(name);
      BaseModule known = base.modules().get(module);
      put(
          read,
          new BasePlace(
              known != null ? known : new BaseModule(module, info, base.biasLength(module)),
              List.of(WeightSlice.whole(name, rows(info))),
              false,
              !base.tensors().containsKey(name)));
    }

    void parts(String name, TensorInfo info, NameTable table) {
      List<NameTable.Part> parts = table.parts(name);
      if (parts.isEmpty() || rows(info) % parts.size() != 0) {
        return;
      }
      long rows = rows(info) / parts.size();
      fused.add(withoutWeight(name));
      for (int i = 0; i < parts.size(); i++) {
        NameTable.Part part = parts.get(i);
        WeightSlice slice =
            switch (part.order()) {
              case BELOW -> new WeightSlice(name, 0, i * rows, rows, 1, 0);
              case BY_TURNS -> new WeightSlice(name, 0, i, rows, parts.size(), 0);
              case ROTARY -> new WeightSlice(name, 0, i * rows, rows, 1, heads(part, rows));
            };
        put(part.name(), new BasePlace(part(part.name(), info, rows), List.of(slice), true, false));
      }
    }

    /** The heads of a rotary part; -1 if the configuration does not say. */
    private int heads(NameTable.Part part, long rows) {
      long heads = base.config().number(part.heads()).orElse(-1);
      return heads < 1 || rows % (2 * heads) != 0 ? -1 : (int) heads;
    }

    void joints(NameTable table) {
      joints.forEach(
          (whole, members) -> {
            List<TensorInfo> infos = new ArrayList<>();
            List<WeightSlice> slices = new ArrayList<>();
            long row = 0;
            for (String name : members.values()) {
              TensorInfo info = base.tensors().get(name);
              if (info != null) {
                infos.add(info);
                slices.add(new WeightSlice(name, row, 0, rows(info), 1, 0));
                row += rows(info);
              }
            }
            int count = table.joint(members.firstEntry().getValue()).orElseThrow().count();
            if (infos.size() == count && infos.stream().allMatch(info -> isLike(info, infos))) {
              members.values().forEach(name -> fused.add(withoutWeight(name)));
              put(whole, new BasePlace(part(whole, infos.getFirst(), row), slices, true, false));
            }
          });
    }

    private static boolean isLike(TensorInfo info, List<TensorInfo> infos) {
      List<Long> shape = info.shape();
      List<Long> first = infos.getFirst().shape();
      return info.dtype() == infos.getFirst().dtype()
          && shape.size() == first.size()
          && !shape.isEmpty()
          && shape.subList(1, shape.size()).equals(first.subList(1, first.size()));
    }

    /** A fused projection is one Linear, and so is each of its parts: no bias, no doubt. */
    private static BaseModule part(String name, TensorInfo like, long rows) {
      List<Long> shape = new ArrayList<>(like.shape());
      long size = rows(like) == 0 ? 0 : like.sizeInBytes() / rows(like) * rows;
      shape.set(0, rows);
      TensorInfo info = new TensorInfo(name, like.dtype(), shape, 0, size);
      return new BaseModule(withoutWeight(name), info, OptionalLong.empty());
    }

    private static long rows(TensorInfo info) {
      return info.shape().isEmpty() ? 1 : info.shape().getFirst();
    }

    private void put(String name, BasePlace place) {
      if (tensors.putIfAbsent(name, place) != null) {
        twice.add(name);
      }
    }
  }
}
