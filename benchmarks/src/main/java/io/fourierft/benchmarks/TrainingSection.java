package io.fourierft.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** The adapters' part of a step of training: forward, backward, AdamW; against PEFT's. */
final class TrainingSection implements Section {
  private static final int TOKENS = 512;
  private static final int TARGETS = 2;

  @Override
  public String name() {
    return "training";
  }

  @Override
  public SectionReport run(Participants participants, RunOptions options) {
    SectionReport report =
        new SectionReport(name(), "Training step, queries and values adapted, T = 512, n = 1000");
    Contest contest = Contest.of(options);
    List<Outcome> fourier = new ArrayList<>();
    List<Outcome> lora = new ArrayList<>();
    for (Stack stack : List.of(new Stack(12, 768), new Stack(2, 4096))) {
      fourier.add(contest.run(stack.words(), contestants(participants, stack, "PEFT", false)));
      lora.add(
          contest.run(
              stack.words() + ", LoRA", contestants(participants, stack, "PEFT LoRA 8", true)));
    }
    fourier.forEach(report::add);
    lora.forEach(report::add);
    report.add(
        RatioTable.of(
            "The adapters' part alone: forward and backward of each, AdamW over all. PEFT builds ΔW"
                + " in every forward pass, and its gradient in every backward pass.",
            fourier));
    report.add(RatioTable.of("Against PEFT's LoRA of rank 8: LoRA's time / ours, 1 is par.", lora));
    return report;
  }

  private static List<Contestant> contestants(
      Participants participants, Stack stack, String peer, boolean isLora) {
    Workload workload = new Workload(stack.side, stack.side, DeltaSection.N_FREQUENCY, TOKENS);
    int layers = TARGETS * stack.layers;
    List<Contestant> contestants = new ArrayList<>();
    participants
        .peft()
        .ifPresent(
            peft ->
                contestants.add(
                    new Silent(
                        peft.trainingStep(
                            peer, isLora ? "lora_step" : "training_step", workload, layers),
                        isLora)));
    for (EngineWork engine : participants.engines()) {
      contestants.add(new TrainingStep(engine, workload, layers));
    }
    return contestants;
  }

  /**
   * Layers of one size.
   *
   * @param layers how many, each with two adapted modules
   * @param side in_features and out_features of a module
   */
  private record Stack(int layers, int side) {
    String words() {
      return "%d layers of %d".formatted(layers, side);
    }
  }

  /** A contestant whose results, if asked for, nobody else has. */
  private record Silent(Contestant contestant, boolean silent) implements Contestant {
    @Override
    public String name() {
      return contestant.name();
    }

    @Override
    public Role role() {
      return contestant.role();
    }

    @Override
    public double sampleNanos(int repetitions) {
      return contestant.sampleNanos(repetitions);
    }

    @Override
    public List<float[]> output() {
      List<float[]> output = contestant.output();
      return silent ? List.of() : output;
    }

    @Override
    public void close() {
      contestant.close();
    }
  }
}
