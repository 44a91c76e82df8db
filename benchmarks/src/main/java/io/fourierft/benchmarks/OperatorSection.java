package io.fourierft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The adapter on activations, 4096×4096 with n = 1000, against PEFT's way and against LoRA. */
final class OperatorSection implements Section {
  static final int SIDE = 4096;

  /** Both sides of a layer are primes. */
  static final Workload PRIME = new Workload(1009, 1013, DeltaSection.N_FREQUENCY, 1);

  private static final int RANK = 8;

  @Override
  public String name() {
    return "operator";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report = new SectionReport(name(), "Spectral operator, 4096×4096, n = 1000");
    Contest contest = Contest.of(options);
    List<Outcome> adapter = new ArrayList<>();
    for (int tokens : new int[] {1, 64, 512}) {
      adapter.add(forward(participants, contest, "adapter, T = " + tokens, workload(tokens)));
    }
    adapter.add(forward(participants, contest, "adapter of " + PRIME.shape() + ", T = 1", PRIME));
    Workload many = workload(512);
    adapter.add(
        contest.run(
            "adapter, T = 512, forward and backward",
            participants.all(
                many,
                LibTorch::adapterForwardBackward,
                "adapter_training",
                engine -> engine.forwardBackward(many))));
    Workload layer = new Workload(SIDE, SIDE, DeltaSection.N_FREQUENCY, 0);
    adapter.add(
        contest.run(
            "new adapter",
            participants.all(
                layer, LibTorch::newAdapter, "creation", engine -> engine.newAdapter(layer))));
    adapter.forEach(report::add);
    report.add(
        RatioTable.of(
            "The adapter's part alone, and peer / ours. libtorch and PEFT build ΔW in every call."
                + " New adapter: its places (torch.randperm; PEFT makes its layer object too).",
            adapter));

    List<Outcome> lora = new ArrayList<>();
    lora.add(
        contest.run(
            "T = 512, forward",
            loraAndOurs(participants, torch -> torch.loraForward(many, RANK), e -> e.apply(many))));
    lora.add(
        contest.run(
            "T = 512, forward and backward",
            loraAndOurs(
                participants,
                torch -> torch.loraForwardBackward(many, RANK),
                e -> e.forwardBackward(many))));
    lora.forEach(report::add);
    report.add(
        RatioTable.of(
            "Against a LoRA adapter of rank 8, adapter parts alone: LoRA's time / ours, 1 is par.",
            lora));
    wholeLayer(report, participants, contest, options);
    return report;
  }

  private static Outcome forward(
      Participants participants, Contest contest, String name, Workload workload) {
    return contest.run(
        name,
        participants.all(
            workload, LibTorch::adapterForward, "adapter", engine -> engine.apply(workload)));
  }

  private static void wholeLayer(
      SectionReport report, Participants participants, Contest contest, RunOptions options) {
    List<Outcome> whole = new ArrayList<>();
    for (int tokens : options.quick() ? new int[] {1, 16, 512} : new int[] {1, 16, 64, 512}) {
      Workload workload = workload(tokens);
      float[] weight = workload.weight();
      List<Contestant> base =
          participants.all(
              workload,
              LibTorch::base,
              "base",
              engine -> new LayerWork(engine, workload, weight, options.threads()).base());
      whole.add(contest.run("base layer alone, T = " + tokens, base));
      List<Contestant> layer = new ArrayList<>();
      participants.peft().ifPresent(peft -> layer.add(peft.contestant("layer", workload)));
      for (EngineWork engine : participants.engines()) {
        layer.add(new LayerWork(engine, workload, weight, options.threads()).forward());
      }
      whole.add(contest.run("whole layer, T = " + tokens, layer));
    }
    whole.forEach(report::add);
    report.add(
        RatioTable.of(
            "The base layer alone and the whole layer (FourierLinear, whose base product is the"
                + " engine's, plain Java without SIMD kernels; torch's is that of its BLAS).",
            whole));
  }

  static Workload workload(int tokens) {
    return new Workload(SIDE, SIDE, DeltaSection.N_FREQUENCY, tokens);
  }

  private static List<Contestant> loraAndOurs(
      Participants participants,
      Function<LibTorch, Contestant> lora,
      Function<EngineWork, Contestant> ours) {
    List<Contestant> contestants = new ArrayList<>();
    participants.libTorch().ifPresent(torch -> contestants.add(lora.apply(torch)));
    participants.engines().forEach(engine -> contestants.add(ours.apply(engine)));
    return contestants;
  }
}
