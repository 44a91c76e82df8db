package io.fourierft.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DenseProduct;
import io.fourierft.internal.host.RangeExecutor;
import io.fourierft.internal.host.Shelf;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The products in plain Java. */
class PlainProductTest extends DenseProductContract {
  @Override
  DenseProduct product(int threads) {
    return new PlainProduct(new RangeExecutor(threads), Shelf.ofArrays());
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
