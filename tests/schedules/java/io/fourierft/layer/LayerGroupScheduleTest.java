package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.Schedules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/** Whatever the order of exchanges, failures and readings: every moment is whole. */
@ExtendWith(FrayTestExtension.class)
class LayerGroupScheduleTest {
  @FrayTest(iterations = Schedules.EACH)
  void noMomentHoldsHalfAnExchange() throws InterruptedException {
    LayerGroup group = new LayerGroup();
    LayerGroup.Value<Integer> left = group.share(0);
    LayerGroup.Value<Integer> right = group.share(0);
    Runnable add =
        () ->
            group.exchange(
                () -> {
                  left.set(left.now() + 1);
                  right.set(right.now() + 1);
                });
    Runnable fail =
        () -> {
          try {
            group.exchange(
                () -> {
                  left.set(left.now() + 10);
                  throw new IllegalStateException("made to fail");
                });
          } catch (IllegalStateException e) {
            // Nothing of it is to be seen.
          }
        };
    Runnable look =
        () -> {
          int before = 0;
          for (int i = 0; i < 3; i++) {
            LayerGroup.Moment moment = group.moment();
            int now = left.at(moment);
            assertEquals(now, right.at(moment));
            assertEquals(true, now >= before && now <= 2);
            before = now;
          }
        };
    run(add, add, fail, look);
    assertEquals(2, left.now());
    assertEquals(2, right.now());
  }

  @FrayTest(iterations = Schedules.EACH)
  void valuesThatJoinBesideExchangesKeepTheirPlaces() throws InterruptedException {
    LayerGroup group = new LayerGroup();
    LayerGroup.Value<String> old = group.share("a");
    List<LayerGroup.Value<String>> joined = Collections.synchronizedList(new ArrayList<>());
    Runnable join =
        () -> {
          LayerGroup.Value<String> value = group.share("b");
          value.set("c");
          joined.add(value);
        };
    run(join, join, () -> group.exchange(() -> old.set(old.now() + "!")));
    assertEquals("a!", old.now());
    joined.forEach(value -> assertEquals("c", value.now()));
    assertEquals(2, joined.size());
  }

  private static void run(Runnable... works) throws InterruptedException {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads =
        Stream.of(works)
            .map(
                work ->
                    new Thread(
                        () -> {
                          try {
                            work.run();
                          } catch (RuntimeException | AssertionError e) {
                            failures.add(e);
                          }
                        }))
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
  }
}
