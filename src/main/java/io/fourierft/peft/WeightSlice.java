package io.fourierft.peft;

import java.util.stream.LongStream;

/**
 * The rows of a layer that one tensor of a base model's files holds. Mostly the layer is the whole
 * tensor; a fused tensor holds several layers, one below the other or their rows by turns, and a
 * layer may be fused from several tensors.
 *
 * @param weight the tensor's name
 * @param layerRow the row of the layer that the slice begins with; 0 unless several tensors hold it
 * @param firstRow the row of the tensor that the slice begins at
 * @param rows how many rows
 * @param stride from one row to the next in the tensor: 1, or 2 if two layers' rows take turns
 * @param rotaryHeads 0; or the heads of a query or key whose rows are, head by head, one of the
 *     first half and one of the second by turns in the tensor, but half after half in the layer, as
 *     transformers' {@code PermuteForRope} has it
 */
public record WeightSlice(
    String weight, long layerRow, long firstRow, long rows, int stride, int rotaryHeads) {
  /** A tensor that holds one layer and nothing else. */
  static WeightSlice whole(String weight, long rows) {
    return new WeightSlice(weight, 0, 0, rows, 1, 0);
  }

  /** Whether the rows are one run of the tensor, in the layer's order. */
  public boolean isRun() {
    return stride == 1 && rotaryHeads == 0;
  }

  /** Where a row of the layer is in the tensor, from {@code layerRow} on. */
  public long storedRow(long rowOfLayer) {
    long row = rowOfLayer - layerRow;
    if (rotaryHeads > 0) {
      long size = rows / rotaryHeads;
      long inHead = row % size;
      row += 2 * (inHead % (size / 2)) + inHead / (size / 2) - inHead;
    }
    return firstRow + stride * row;
  }

  /** The row of the layer that a row of the tensor is; -1 if it is none of its rows. */
  public long layerRowAt(long storedRow) {
    long distance = storedRow - firstRow;
    if (distance < 0 || distance % stride != 0 || distance / stride >= rows) {
      return -1;
    }
    long row = distance / stride;
    if (rotaryHeads > 0) {
      long size = rows / rotaryHeads;
      long inHead = row % size;
      row += inHead % 2 * (size / 2) + inHead / 2 - inHead;
    }
    return layerRow + row;
  }

  /** Whether some row of a tensor is one of both. */
  public boolean overlaps(WeightSlice other) {
    return weight.equals(other.weight)
        && firstRow < other.end()
        && other.firstRow < end()
        && LongStream.range(layerRow, layerRow + rows)
            .anyMatch(row -> other.layerRowAt(storedRow(row)) >= 0);
  }

  /** The row of the tensor after the last that the slice may have. */
  public long end() {
    return firstRow + stride * (rows - 1) + 1;
  }
}
