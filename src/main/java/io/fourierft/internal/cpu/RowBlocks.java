package io.fourierft.internal.cpu;

/**
 * The partition of a matrix's rows into blocks, each worth a task. It depends on the shape alone.
 * Divided anew from call to call.
 */
final class RowBlocks {
  /** Numbers of a block of rows, about: a task of some tenths of a millisecond. */
  private static final int NUMBERS = 1 << 14;

  /** Fewest rows of a block: eight complex numbers of a column are a cache line. */
  private static final int LEAST_ROWS = 8;

  /** Blocks are a multiple of this where rows are many, so that few threads have equal shares. */
  private static final int SHARES = 4;

  /** Rows that are worth being transformed side by side. */
  private static final int LEAST_SIDE_BY_SIDE = 64;

  private int rows;
  private int perBlock = 1;

  /** Makes blocks of rows that are worked on one after another. */
  void divide(int newRows, int cols) {
    rows = newRows;
    perBlock = Math.max(LEAST_ROWS, NUMBERS / cols);
  }

  /**
   * Makes blocks of rows that are transformed side by side, at most so many and about as many each.
   */
  void divideSideBySide(int newRows, int most) {
    int blocks = Math.ceilDiv(newRows, most);
    int shared = Math.ceilDiv(blocks, SHARES) * SHARES;
    if (newRows / shared >= LEAST_SIDE_BY_SIDE) {
      blocks = shared;
    }
    rows = newRows;
    perBlock = Math.ceilDiv(newRows, blocks);
  }

  /** Rows of the matrix. */
  int rows() {
    return rows;
  }

  /** Rows of a block; the last may have fewer. */
  int perBlock() {
    return perBlock;
  }

  /** Number of blocks. */
  int count() {
    return Math.ceilDiv(rows, perBlock);
  }

  /** The first row of a block. */
  int first(int block) {
    return block * perBlock;
  }

  /** Rows of a block. */
  int rows(int block) {
    return Math.min(perBlock, rows - first(block));
  }
}
