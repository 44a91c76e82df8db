package io.fourierft.internal.cpu;

import java.util.Arrays;

/**
 * Complex columns of one length, some to an array, so that no array outgrows Java's limit and a
 * block's columns are worth a task. Column c, row p is at {@code [2·((c mod perBlock)·rows + p)]}
 * of block {@code c / perBlock}. Arrays are kept for the next use.
 */
final class ColumnBlocks {
  /** Complex numbers of a block, about: a task of some tenths of a millisecond. */
  private static final int BLOCK_NUMBERS = 1 << 14;

  private float[][] blocks = {};
  private int rows;
  private int columns;
  private int perBlock;

  /** Makes room; what it holds is undefined. */
  void resize(int newRows, int newColumns) {
    rows = newRows;
    columns = newColumns;
    perBlock = Math.max(1, Math.min(columns, BLOCK_NUMBERS / rows));
    int count = count();
    if (blocks.length < count) {
      int old = blocks.length;
      blocks = Arrays.copyOf(blocks, count);
      Arrays.fill(blocks, old, count, new float[0]);
    }
    int floats = Math.multiplyExact(2 * perBlock, rows);
    for (int b = 0; b < count; b++) {
      if (blocks[b].length < floats) {
        blocks[b] = new float[floats];
      }
    }
  }

  /** Blocks in use. */
  int count() {
    return (columns + perBlock - 1) / perBlock;
  }

  /** The first column of a block. */
  int firstColumn(int block) {
    return block * perBlock;
  }

  /** The column after the last of a block. */
  int endColumn(int block) {
    return Math.min(columns, (block + 1) * perBlock);
  }

  /** The block that holds a column. */
  float[] blockOf(int column) {
    return blocks[column / perBlock];
  }

  /** Where row 0 of a column is in its block. */
  int offsetOf(int column) {
    return 2 * (column % perBlock) * rows;
  }

  /** Bytes of all arrays kept. */
  long sizeInBytes() {
    long bytes = 0;
    for (float[] block : blocks) {
      bytes += 4L * block.length;
    }
    return bytes;
  }
}
