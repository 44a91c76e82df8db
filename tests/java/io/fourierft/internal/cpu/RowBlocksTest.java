package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowBlocksTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "7, 100000", "385, 768", "2049, 4096", "505, 1009", "75969, 256"})
  void everyRowIsInOneBlock(int rows, int cols) {
    RowBlocks blocks = new RowBlocks();
    blocks.divide(rows, cols);
    requireWhole(blocks, rows);
    for (int most : new int[] {1, 28, 124, 248}) {
      blocks.divideSideBySide(rows, most);
      requireWhole(blocks, rows);
      assertTrue(blocks.perBlock() <= most, blocks.perBlock() + " with at most " + most);
    }
  }

  private static void requireWhole(RowBlocks blocks, int rows) {
    int next = 0;
    for (int block = 0; block < blocks.count(); block++) {
      assertEquals(next, blocks.first(block));
      assertTrue(blocks.rows(block) > 0);
      next += blocks.rows(block);
    }
    assertEquals(rows, next);
    assertEquals(rows, blocks.rows());
  }

  @ParameterizedTest
  @CsvSource({"385, 124, 4", "2049, 124, 20", "505, 248, 4", "33, 124, 1", "200, 124, 2"})
  void blocksSideBySideAreEqualSharesWhereRowsAreMany(int rows, int most, int count) {
    RowBlocks blocks = new RowBlocks();
    blocks.divideSideBySide(rows, most);
    assertEquals(count, blocks.count());
  }
}
