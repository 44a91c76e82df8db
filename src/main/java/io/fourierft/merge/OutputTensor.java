package io.fourierft.merge;

import io.fourierft.FourierAdapter;
import io.fourierft.WeightLayout;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tensor of the merged model and how it comes about: the base's bytes, perhaps in another
 * format, perhaps those that an adapter brings instead, and the ΔWs on top.
 *
 * @param declaration name, dtype and shape in the output
 * @param base where the base has it, perhaps by another name; null of a tensor that is new
 * @param replacement what an adapter puts in its place, if one does
 * @param parts what adapters put in the place of some of its rows
 * @param deltas what is added, in order; empty for most tensors
 */
record OutputTensor(
    TensorDeclaration declaration,
    SafetensorsCheckpoint.@Nullable Location base,
    @Nullable Replacement replacement,
    List<Part> parts,
    List<Delta> deltas) {
  OutputTensor {
    parts = List.copyOf(parts);
    deltas = List.copyOf(deltas);
    if (base == null && replacement == null) {
      throw new IllegalArgumentException(declaration.name() + " comes from nowhere");
    }
  }

  String name() {
    return declaration.name();
  }

  /** Whether the base's bytes can be moved to the output as they are. */
  boolean isUntouched() {
    return deltas.isEmpty()
        && parts.isEmpty()
        && replacement == null
        && base != null
        && declaration.dtype() == base.tensor().dtype();
  }

  /**
   * A ΔW to add.
   *
   * @param source the adapter's folder, as it was given
   * @param adapter what is added
   * @param layout how the weight is stored
   * @param slice which rows of the weight it is added to; not all only where layers are fused
   */
  record Delta(String source, FourierAdapter adapter, WeightLayout layout, WeightSlice slice) {
    /** Rows of the layer as it is stored; those of the slice, unless several tensors hold it. */
    int storedRows() {
      return layout == WeightLayout.IN_OUT ? adapter.cols() : adapter.rows();
    }

    /** Columns of the weight that it is added to. */
    int storedCols() {
      return layout == WeightLayout.IN_OUT ? adapter.rows() : adapter.cols();
    }
  }

  /**
   * A tensor that an adapter carries whole.
   *
   * @param source the adapter's folder, as it was given
   * @param tensor the tensor there
   */
  record Replacement(String source, ExtraTensor tensor) {
    /** Whether both bring the same bytes. */
    boolean isAlike(Replacement other) throws IOException {
      return isAlike(tensor, other.tensor);
    }

    /** Whether both are the same bytes. */
    static boolean isAlike(ExtraTensor one, ExtraTensor other) throws IOException {
      if (one.dtype() != other.dtype() || !one.shape().equals(other.shape())) {
        return false;
      }
      boolean[] alike = {true};
      one.data().lend(a -> other.data().lend(b -> alike[0] = a.mismatch(b) < 0));
      return alike[0];
    }
  }

  /**
   * Some rows that an adapter carries whole.
   *
   * @param source the adapter's folder, as it was given
   * @param tensor the tensor there
   * @param slice which rows of the output are which of it
   */
  record Part(String source, ExtraTensor tensor, WeightSlice slice) {}
}
