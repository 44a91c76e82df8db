package io.fourierft.model;

import io.fourierft.peft.BaseModel;
import io.fourierft.peft.BaseTensor;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.TensorInfo;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Gives each tensor and module of an adapted model its one name, whether it is asked for as the
 * base's files, the model of today or the one that an adapter was trained on calls it. Everything
 * that belongs to a model is kept by these names.
 */
final class TensorNames {
  private static final String WEIGHT = ".weight";

  private final BaseModel base;
  private final Map<String, TensorName> ofBase = new ConcurrentHashMap<>();

  TensorNames(BaseModel base) {
    this.base = base;
  }

  /** The one name of a tensor. */
  TensorName tensor(String name, ModelState state) {
    for (ModelAdapter adapter : state.adapters().values()) {
      String carried = adapter.ownNames().get(name);
      if (carried != null) {
        return current(carried);
      }
    }
    TensorName known = ofBase.get(name);
    if (known != null) {
      return known;
    }
    TensorName today = current(base.currentName(name));
    if (base.tensor(today.name()).isPresent()) {
      ofBase.put(name, today);
      return today;
    }
    for (ModelAdapter adapter : state.adapters().values()) {
      String read = adapter.names().apply(name);
      if (adapter.extras().containsKey(read) || base.tensor(read).isPresent()) {
        return current(read);
      }
    }
    return today;
  }

  /** The one path of a module, which is that of its weight. */
  String module(String path, ModelState state) {
    return module(tensor(path + WEIGHT, state).name(), path);
  }

  /** The module of a weight; {@code otherwise} for a tensor that is named otherwise. */
  static String module(String weight, String otherwise) {
    return weight.endsWith(WEIGHT) ? withoutLeaf(weight) : otherwise;
  }

  /** What a tensor is called whose name is known to be the one of today. */
  TensorName current(String name) {
    return new TensorName(name, base.tensor(name).map(this::stored).orElse(name));
  }

  private String stored(BaseTensor tensor) {
    WeightSlice first = tensor.slices().getFirst();
    TensorInfo file = base.tensors().get(first.weight());
    boolean whole =
        file != null
            && tensor.slices().size() == 1
            && tensor.shape().equals(file.shape())
            && first.isRun();
    return whole ? base.currentName(first.weight()) : tensor.name();
  }

  /** The module of a tensor; empty if it stands in none. */
  static String withoutLeaf(String tensor) {
    return tensor.substring(0, Math.max(0, tensor.lastIndexOf('.')));
  }
}
