package io.fourierft.internal.cpu;

/**
 * The partition of a matrix's rows into blocks, each worth a task. It depends on the shape alone.
 *
 * @param rows rows of the matrix
 * @param perBlock rows of a block; the last may have fewer
 */
record RowBlocks(int rows, int perBlock) {
  /** Numbers of a block of rows, about: a task of some tenths of a millisecond. */
  private static final int NUMBERS = 1 << 14;

  /** Fewest rows of a block: eight complex numbers of a column are a cache line. */
  private static final int LEAST_ROWS = 8;

  /** Blocks are a multiple of this where rows are many, so that few threads have equal shares. */
  private static final int SHARES = 4;

  /** Rows that are worth being transformed side by side. */
  private static final int LEAST_SIDE_BY_SIDE = 64;

  /** Blocks of rows that are worked on one after another. */
  static RowBlocks of(int rows, int cols) {
    return new RowBlocks(rows, Math.max(LEAST_ROWS, NUMBERS / cols));
  }

  /** Blocks of rows that are transformed side by side, at most so many and about as many each. */
  static RowBlocks sideBySide(int rows, int most) {
    int blocks = Math.ceilDiv(rows, most);
    int shared = Math.ceilDiv(blocks, SHARES) * SHARES;
    if (rows / shared >= LEAST_SIDE_BY_SIDE) {
      blocks = shared;
    }
    return new RowBlocks(rows, Math.ceilDiv(rows, blocks));
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
