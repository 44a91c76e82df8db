package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Schedules;
import io.fourierft.WeightLayout;
import java.util.ArrayList;
import java.util.Collections;
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
  private final List<FourierAdapter> gone = Collections.synchronizedList(new ArrayList<>());

  @FrayTest(iterations = Schedules.EACH)
  void everyChangeIsWholeAndDoneOnce() throws InterruptedException {
    LayerChanges changes = changes(null);
    changes.add("first", ADAPTER);
    run(
        () -> changes.add("a", ADAPTER),
        () -> changes.add("a", ADAPTER),
        () -> {
          changes.add("b", ADAPTER);
          changes.setActive(List.of("b"));
          changes.rename("b", "c");
        },
        () -> changes.updateSpectrum("first", new float[] {1, 2, 3}),
        () -> requireGrowing(changes));
    assertEquals(1, refused.get(), "one of two adapters of one name");
    assertEquals(List.of(ADAPTER), gone, "told once of the one that was replaced");
    assertEquals(List.of("c"), changes.state().active());
    assertEquals("first", changes.state().adapters().names().getFirst());
    assertEquals(3, changes.state().adapters().size());
    requireWhole(changes.state());
  }

  @FrayTest(iterations = Schedules.EACH)
  void theLastActiveAdapterIsReplacedOrNoneIsLeft() throws InterruptedException {
    LayerChanges changes = changes(null);
    changes.add("a", ADAPTER);
    changes.add("b", ADAPTER);
    run(
        () -> changes.delete("a"),
        () -> changes.delete("b"),
        changes::disable,
        () -> requireWhole(changes.state()));
    assertEquals(0, refused.get());
    assertEquals(2, gone.size());
    assertEquals(0, changes.state().adapters().size());
    assertTrue(changes.state().active().isEmpty());
    assertFalse(changes.state().enabled());
  }

  @FrayTest(iterations = Schedules.EACH)
  void aMergeBesideOtherChangesIsWholeOrRefused() throws InterruptedException {
    try (FourierEngine engine = FourierEngine.create(new EngineOptions("cpu", 1, "jtransforms"))) {
      LayerChanges changes =
          changes(new WeightMerger(engine, new HostMemory(), WeightLayout.OUT_IN));
      changes.add("a", ADAPTER);
      run(
          () -> changes.mergeActive(true),
          () -> changes.updateSpectrum("a", new float[] {1, 2, 3}),
          () -> changes.delete("a"),
          () -> requireWhole(changes.state()));
      requireWhole(changes.state());
      if (changes.state().adapters().contains("a")) {
        assertEquals(List.of("a"), changes.state().merged(), "not deleted, so it was merged");
        changes.unmerge();
      }
      assertArrayEquals(LayerSamples.floats(WEIGHT), LayerSamples.floats(changes.state().weight()));
    }
  }

  private LayerChanges changes(WeightMerger merger) {
    refused.set(0);
    gone.clear();
    // Where nothing is merged, no engine is needed.
    LayerState first = LayerState.of(LayerWeight.given(WEIGHT), null);
    return LayerChanges.of(first, new LayerGroup(), merger, true, gone::add);
  }

  /** Two states, one after the other: whole, and the later one has all that the earlier one had. */
  private static void requireGrowing(LayerChanges changes) {
    LayerState earlier = changes.state();
    requireWhole(earlier);
    LayerState later = changes.state();
    requireWhole(later);
    assertTrue(later.adapters().size() >= earlier.adapters().size());
    requireWhole(earlier);
  }

  private static void requireWhole(LayerState state) {
    List<String> names = state.adapters().names();
    assertEquals(state.adapters().size(), names.size());
    names.forEach(name -> assertNotNull(state.adapters().get(name)));
    assertTrue(names.containsAll(state.active()));
    assertTrue(names.containsAll(state.merged()));
    boolean live = state.enabled() && state.merged().isEmpty() && !state.active().isEmpty();
    assertEquals(live, state.live().routing() != null);
  }

  private void run(Runnable... works) throws InterruptedException {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads =
        Stream.of(works).map(work -> new Thread(() -> attempt(work, failures))).toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
  }

  private void attempt(Runnable work, List<Throwable> failures) {
    try {
      work.run();
    } catch (FourierException e) {
      refused.incrementAndGet();
    } catch (RuntimeException | AssertionError e) {
      failures.add(e);
    }
  }
}
