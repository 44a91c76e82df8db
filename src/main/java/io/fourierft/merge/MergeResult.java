package io.fourierft.merge;

import io.fourierft.internal.files.NaturalOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a merge did, or, for a dry run, would do.
 *
 * @param output the folder, final name
 * @param files weight files of the output, in order
 * @param totalSizeInBytes bytes of all tensors of the output
 * @param edits the plan: changed tensors and by what; layer 2 before layer 10, each tensor's in
 *     order
 * @param changes what each addition did, ordered as the edits; empty after a dry run
 * @param untouchedTensors tensors copied byte for byte
 * @param notes what the user should know
 * @param check what {@link MergeOptions#check()} found; empty if it was not asked for
 */
public record MergeResult(
    Path output,
    List<String> files,
    long totalSizeInBytes,
    List<PlannedEdit> edits,
    List<TensorChange> changes,
    int untouchedTensors,
    List<String> notes,
    Optional<Check> check) {
  /** Copies the lists, and sorts edits and changes by their tensors. */
  public MergeResult {
    files = List.copyOf(files);
    edits = sorted(edits, PlannedEdit::tensor);
    changes = sorted(changes, TensorChange::tensor);
    notes = List.copyOf(notes);
  }

  private static <T> List<T> sorted(List<T> list, Function<T, String> tensor) {
    return list.stream()
        .sorted((a, b) -> NaturalOrder.compare(tensor.apply(a), tensor.apply(b)))
        .toList();
  }

  /**
   * One change that was planned.
   *
   * @param tensor the tensor's name in the base model
   * @param adapter the adapter's folder, as it was given
   * @param kind what becomes of the tensor
   * @param nFrequency coefficients of the ΔW; 0 where there is none
   */
  public record PlannedEdit(String tensor, String adapter, EditKind kind, int nFrequency) {}

  /** What a merge does to a tensor. */
  public enum EditKind {
    /** ΔW is added or taken off. */
    DELTA,
    /** The adapter brings the tensor itself (modules_to_save, biases). */
    REPLACED,
    /** The adapter brings a tensor that the base does not have. */
    NEW
  }

  /**
   * What reading the output back found.
   *
   * @param tensors changed tensors that were looked at
   * @param elements how many of their elements were recomputed
   * @param worstUnits the largest difference, in units of the tensor's format: half a unit is what
   *     rounding costs; F32 and F64 count in units of F32, in which ΔW is computed
   * @param worstTensor where that was; empty if nothing was changed
   */
  public record Check(int tensors, long elements, double worstUnits, String worstTensor) {}
}
