package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

/**
 * Transformed columns, kept for the row step as it will want them: one array a block of rows, in
 * which column i has its complex vector of those rows at {@code [i*WIDTH]}.
 */
final class ColumnStore {
  private float[][] blocks = {};

  /** Makes room for as many columns in as many blocks of rows. */
  void reserve(int rowBlocks, int columns) {
    if (blocks.length < rowBlocks) {
      float[][] more = new float[rowBlocks][];
      System.arraycopy(blocks, 0, more, 0, blocks.length);
      for (int b = blocks.length; b < rowBlocks; b++) {
        more[b] = new float[0];
      }
      blocks = more;
    }
    int floats = Math.multiplyExact(Lanes.roundUp(columns), WIDTH);
    for (int b = 0; b < rowBlocks; b++) {
      if (blocks[b].length < floats) {
        blocks[b] = new float[floats];
      }
    }
  }

  /** Bytes that are kept for the next use. */
  long retainedBytes() {
    long floats = 0;
    for (float[] block : blocks) {
      floats += block.length;
    }
    return 4 * floats;
  }

  /** The columns at a block of rows. */
  float[] block(int rowBlock) {
    return blocks[rowBlock];
  }

  /**
   * Stores as many columns as there are lanes, from the first on.
   *
   * @param columns column l in lane l, element p at {@code columns[p*WIDTH]}, whole blocks of rows
   */
  void put(int first, int rowBlocks, float[] columns, float[] tile) {
    for (int b = 0; b < rowBlocks; b++) {
      int from = b * COUNT * WIDTH;
      int to = first * WIDTH;
      Transposer.turn(columns, from, WIDTH, tile, blocks[b], to, WIDTH);
      Transposer.turn(columns, from + COUNT, WIDTH, tile, blocks[b], to + COUNT, WIDTH);
    }
  }
}
