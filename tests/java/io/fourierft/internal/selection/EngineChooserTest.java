package io.fourierft.internal.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.CapturedLog;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.EngineSelection;
import io.fourierft.EngineUnavailableException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of several engines is taken, and what is told of it. */
class EngineChooserTest {
  private static final List<Obstacle> NO_CUFFT =
      List.of(
          new Obstacle("cuFFT", "not found; looked in\n    /here\n    /there", "install it"),
          new Obstacle("the kernel image", "this jar has none", "build it"));

  /** What was asked of the providers and the engines, in order. */
  private final List<String> calls = new ArrayList<>();

  private final EngineProvider cpu = provider("cpu", 0, available("cpu", this::engine));

  private EngineProvider provider(String kind, int priority, EngineCandidate candidate) {
    return new EngineProvider() {
      @Override
      public String kind() {
        return kind;
      }

      @Override
      public int priority() {
        return priority;
      }

      @Override
      public EngineCandidate examine(EngineOptions options) {
        calls.add("examine " + kind);
        return candidate;
      }
    };
  }

  private EngineProvider gpu(EngineCandidate candidate) {
    return provider("cuda", 100, candidate);
  }

  private static EngineCandidate available(
      String engine, Function<EngineSelection, FourierEngine> opener) {
    return EngineCandidate.available(engine, List.of("details of " + engine), opener);
  }

  private static EngineCandidate failing(Throwable failure) {
    return available(
        "cuda:0",
        selection -> {
          if (failure instanceof Error error) {
            throw error;
          }
          throw (RuntimeException) failure;
        });
  }

  /** An engine that can say who it is and be closed. */
  private FourierEngine engine(EngineSelection selection) {
    String name = selection.taken().orElseThrow().engine();
    calls.add("open " + name);
    return (FourierEngine)
        Proxy.newProxyInstance(
            FourierEngine.class.getClassLoader(),
            new Class<?>[] {FourierEngine.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "name" -> name;
                  case "selection" -> selection;
                  case "close" -> {
                    calls.add("close " + name);
                    yield null;
                  }
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static EngineOptions device(String device) {
    return new EngineOptions(device, 0, "auto");
  }

  private static EngineChooser chooser(EngineProvider... providers) {
    return new EngineChooser(List.of(providers));
  }

  @Test
  void theFirstByPriorityIsTakenAndTheOthersAreNotExamined() {
    FourierEngine taken = chooser(cpu, gpu(available("cuda:0", this::engine))).open(device("auto"));
    assertEquals("cuda:0", taken.name());
    assertEquals(List.of("examine cuda", "open cuda:0"), calls);
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cuda, cuda:0", "cuda:0, cuda:0"})
  void onlyTheKindAskedForIsExamined(String asked, String taken) {
    FourierEngine engine = chooser(cpu, gpu(available("cuda:0", this::engine))).open(device(asked));
    assertEquals(taken, engine.name());
    assertEquals(2, calls.size(), calls.toString());
  }

  @Test
  void anEngineThatFailsToOpenIsPassedOverWithItsReason() {
    List<Throwable> failures =
        List.of(
            new FourierException("out of device memory"),
            new UnsatisfiedLinkError("out of device memory"),
            new IllegalStateException("out of device memory"));
    for (Throwable failure : failures) {
      EngineChooser chooser = chooser(gpu(failing(failure)), cpu);
      List<FourierEngine> opened = new ArrayList<>();
      List<String> log =
          CapturedLog.of(FourierEngine.class, () -> opened.add(chooser.open(device("auto"))));
      EngineSelection selection = opened.getFirst().selection();
      assertEquals("cpu", selection.taken().orElseThrow().engine());
      EngineProbe.Unavailable passed =
          assertInstanceOf(EngineProbe.Unavailable.class, selection.probes().getFirst());
      assertTrue(passed.gpuPresent());
      Obstacle obstacle = passed.obstacles().getFirst();
      assertEquals("opening it", obstacle.what());
      assertTrue(obstacle.found().contains("out of device memory"), obstacle.found());
      assertTrue(obstacle.remedy().contains("cuda:0"), obstacle.remedy());
      assertEquals(1, log.size(), log.toString());
      assertTrue(
          log.getFirst()
              .startsWith(
                  "WARNING engine cpu taken for device 'auto': details of cpu;"
                      + " not cuda:0, although there is a GPU: opening it ("),
          log.getFirst());
    }
  }

  @Test
  void anEngineAskedForByNameThatFailsToOpenIsAnError() {
    FourierException failure = new FourierException("out of device memory");
    EngineChooser chooser = chooser(gpu(failing(failure)), cpu);
    assertSame(failure, assertThrows(FourierException.class, () -> chooser.open(device("cuda:0"))));
    assertEquals(List.of("examine cuda"), calls);
  }

  @Test
  void everyObstacleIsInTheErrorOfAChoiceThatCannotBeHad() {
    EngineChooser chooser =
        chooser(cpu, gpu(EngineCandidate.unavailable("cuda:0", NO_CUFFT, true)));
    String message =
        String.valueOf(
            assertThrows(EngineUnavailableException.class, () -> chooser.open(device("cuda")))
                .getMessage());
    assertEquals(
        "no engine for device 'cuda' can be had\n"
            + "  cuda:0: cuFFT: not found; looked in\n    /here\n    /there; install it\n"
            + "  cuda:0: the kernel image: this jar has none; build it",
        message);
  }

  @ParameterizedTest
  @CsvSource({"false, INFO", "true, WARNING"})
  void oneLineSaysWhatWasTakenAndWhyAndWarnsOfAnIdleGpu(boolean gpuPresent, String level) {
    EngineChooser chooser =
        chooser(cpu, gpu(EngineCandidate.unavailable("cuda:0", NO_CUFFT, gpuPresent)));
    List<String> log =
        CapturedLog.of(FourierEngine.class, () -> chooser.open(device("auto")).close());
    String expected =
        gpuPresent
            ? "; not cuda:0, although there is a GPU: cuFFT (not found; install it),"
                + " the kernel image (this jar has none; build it)"
            : "; not cuda:0: cuFFT (not found), the kernel image (this jar has none)";
    assertEquals(
        List.of(level + " engine cpu taken for device 'auto': details of cpu" + expected), log);
  }

  @Test
  void aGpuLeftAloneOnPurposeIsNoWarning() {
    EngineChooser chooser =
        chooser(cpu, gpu(EngineCandidate.unavailable("cuda:0", NO_CUFFT, true)));
    assertEquals(
        List.of("INFO engine cpu taken for device 'cpu': details of cpu"),
        CapturedLog.of(FourierEngine.class, () -> chooser.open(device("cpu")).close()));
  }

  @Test
  void aSurveyExaminesAllAndTriesWhatWouldBeTaken() {
    EngineSelection survey =
        chooser(cpu, gpu(available("cuda:0", this::engine))).survey(device("auto"));
    assertEquals("cuda:0", survey.taken().orElseThrow().engine());
    assertEquals(2, survey.probes().size());
    assertEquals(List.of("examine cuda", "open cuda:0", "close cuda:0", "examine cpu"), calls);
  }

  @Test
  void aSurveyTellsOfTheCpuWhereTheGpuFailsToOpen() {
    EngineSelection survey =
        chooser(cpu, gpu(failing(new FourierException("no memory")))).survey(device("auto"));
    assertEquals("cpu", survey.taken().orElseThrow().engine());
    assertInstanceOf(EngineProbe.Unavailable.class, survey.probes().getFirst());
  }

  @Test
  void aSurveyOfAForcedEngineThatFailsToOpenTakesNone() {
    EngineSelection survey =
        chooser(cpu, gpu(failing(new FourierException("no memory")))).survey(device("cuda"));
    assertTrue(survey.taken().isEmpty());
    assertInstanceOf(EngineProbe.Available.class, survey.probes().getLast());
    assertFalse(calls.contains("open cpu"), calls.toString());
  }
}
