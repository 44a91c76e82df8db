package io.fourierft.benchmarks;

import io.fourierft.EngineOptions;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** All that takes part in a run, and why the rest does not. */
final class Participants implements AutoCloseable {
  private static final List<String> KERNELS = List.of("jtransforms", "simd");

  private final List<EngineWork> engines = new ArrayList<>();
  private final List<String> present = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();
  private Optional<LibTorch> libTorch = Optional.empty();
  private Optional<PeftProcess> peft = Optional.empty();

  private Participants() {}

  static Participants gather(int threads) {
    Participants all = new Participants();
    all.engines.addAll(all.open(threads));
    for (EngineWork engine : all.engines) {
      all.present.add(
          "%s: CPU engine with these kernels, %d threads".formatted(engine.name(), threads));
    }
    try {
      LibTorch opened = LibTorch.open(threads);
      all.libTorch = Optional.of(opened);
      all.present.add(LibTorch.NAME + ": " + opened.description());
    } catch (RuntimeException | LinkageError e) {
      all.leftOut.add(LibTorch.NAME + ": " + e);
    }
    try {
      PeftProcess started = PeftProcess.start(threads);
      all.peft = Optional.of(started);
      all.present.add(PeftProcess.NAME + ": " + started.description());
    } catch (IOException e) {
      all.leftOut.add(PeftProcess.NAME + ": " + e.getMessage());
    }
    return all;
  }

  /** Engines with each set of kernels that can be had; the caller closes them. */
  List<EngineWork> open(int threads) {
    List<EngineWork> opened = new ArrayList<>();
    for (String kernels : KERNELS) {
      EngineOptions options = new EngineOptions("cpu", threads, kernels);
      try {
        opened.add(new EngineWork(kernels, FourierEngine.create(options)));
      } catch (EngineUnavailableException e) {
        String line = kernels + ": " + e.getMessage().replace("\n", "; ");
        if (!leftOut.contains(line)) {
          leftOut.add(line);
        }
      }
    }
    return opened;
  }

  /** Lets the compiler meet every operation of every engine before the first contest. */
  void warmUp(long nanosEach) {
    Workload workload = new Workload(768, 1024, DeltaSection.N_FREQUENCY, 16);
    Workload lone = OperatorSection.workload(1);
    for (EngineWork engine : engines) {
      for (Contestant contestant :
          List.of(
              engine.delta(workload, DeltaSection.newDelta(workload)),
              engine.apply(workload),
              engine.apply(lone),
              engine.forwardBackward(workload))) {
        try (contestant) {
          long start = System.nanoTime();
          do {
            var unused = contestant.sampleNanos(1);
          } while (System.nanoTime() - start < nanosEach);
        }
      }
    }
  }

  List<EngineWork> engines() {
    return engines;
  }

  Optional<LibTorch> libTorch() {
    return libTorch;
  }

  Optional<PeftProcess> peft() {
    return peft;
  }

  List<String> present() {
    return present;
  }

  List<String> leftOut() {
    return leftOut;
  }

  /** The same workload for all: peers first, so that results are compared with theirs. */
  List<Contestant> all(
      Workload workload,
      BiFunction<LibTorch, Workload, Contestant> byLibTorch,
      String byPeft,
      Function<EngineWork, Contestant> byEngine) {
    List<Contestant> contestants = new ArrayList<>();
    libTorch.ifPresent(torch -> contestants.add(byLibTorch.apply(torch, workload)));
    peft.ifPresent(process -> contestants.add(process.contestant(byPeft, workload)));
    engines.forEach(engine -> contestants.add(byEngine.apply(engine)));
    return contestants;
  }

  @Override
  public void close() {
    engines.forEach(engine -> engine.engine().close());
    libTorch.ifPresent(LibTorch::close);
    peft.ifPresent(PeftProcess::close);
  }
}
