package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The products in plain Java. */
class BaseProductTest extends DenseProductContract {
  @Override
  DenseProduct product(int threads) {
    return new BaseProduct(new RangeExecutor(threads), Shelf.ofArrays());
  }

  @Test
  void failureOfOnePieceReachesTheCallerAfterAllHaveEnded() {
    AtomicInteger running = new AtomicInteger();
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                new RangeExecutor(3)
                    .run(
                        50,
                        true,
                        piece -> {
                          running.incrementAndGet();
                          try {
                            if (piece == 17) {
                              throw new IllegalStateException("piece 17");
                            }
                          } finally {
                            running.decrementAndGet();
                          }
                        }));
    assertTrue(String.valueOf(failure.getMessage()).contains("piece 17"));
    assertEquals(0, running.get());
  }
}
