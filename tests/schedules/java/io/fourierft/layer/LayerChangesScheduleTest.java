package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/**
 * In whatever order changes of many threads come, each is whole, none is lost, and none is done
 * twice.
 */
@ExtendWith(FrayTestExtension.class)
class LayerChangesScheduleTest {
  private static final FourierAdapter ADAPTER = LayerSamples.adapter(4, 4, 3, 1);
  private static final HostMatrix WEIGHT = LayerSamples.gaussian(4, 4, 2);

  private final AtomicInteger refused = new AtomicInteger();

  @FrayTest(iterations = 50)
  void everyChangeIsWholeAndToldInOrder() throws InterruptedException {
    List<LayerState> told = new ArrayList<>();
    LayerChanges changes = changes(told);
    refused.set(0);
    run(
        () -> changes.add("a", ADAPTER),
        () -> changes.add("a", ADAPTER),
        () -> {
          changes.add("b", ADAPTER);
          changes.setActive(List.of("b"));
          changes.rename("b", "c");
        },
        () -> requireWhole(changes.state()));
    assertEquals(1, refused.get(), "one of two adapters of one name");
    assertEquals(4, told.size());
    told.forEach(LayerChangesScheduleTest::requireWhole);
    assertSame(changes.state(), told.getLast());
    assertEquals(List.of("c"), changes.state().active());
    assertEquals(2, changes.state().adapters().size());
  }

  @FrayTest(iterations = 50)
  void theLastActiveAdapterIsReplacedOrNoneIsLeft() throws InterruptedException {
    LayerChanges changes = changes(new ArrayList<>());
    changes.add("a", ADAPTER);
    changes.add("b", ADAPTER);
    refused.set(0);
    run(
        () -> changes.delete("a"),
        () -> changes.delete("b"),
        changes::disable,
        () -> requireWhole(changes.state()));
    assertEquals(0, refused.get());
    assertTrue(changes.state().adapters().isEmpty());
    assertTrue(changes.state().active().isEmpty());
    assertEquals(false, changes.state().enabled());
  }

  private static LayerChanges changes(List<LayerState> told) {
    // Nothing is merged here, so that no engine is needed.
    return new LayerChanges(LayerState.of(WEIGHT), null, false, told::add);
  }

  private static void requireWhole(LayerState state) {
    assertTrue(state.adapters().keySet().containsAll(state.active()));
    assertEquals(state.enabled() && !state.active().isEmpty(), state.liveRouting() != null);
  }

  private void run(Runnable... works) throws InterruptedException {
    List<Thread> threads = Stream.of(works).map(work -> new Thread(() -> attempt(work))).toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void attempt(Runnable work) {
    try {
      work.run();
    } catch (FourierException e) {
      refused.incrementAndGet();
    }
  }
}
