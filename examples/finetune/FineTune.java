import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.model.AdaptedModel;
import io.fourierft.model.AdaptedModelOptions;
import io.fourierft.model.AdapterParameters;
import io.fourierft.model.ModelPass;
import io.fourierft.peft.ExtraTensor;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.plot.PlotTheme;
import io.fourierft.plot.TrainingChart;
import io.fourierft.training.LearningRateSchedule;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * Teaches a small vision transformer that knows the digits 0 to 4 the digits 5 to 9: FourierFT
 * adapters of 200 coefficients on the queries and values, and a new head, by the recipe of the
 * paper's GLUE runs (AdamW, a learning rate each for coefficients and head, a linear schedule with
 * 6 % warm-up). From the project's folder, after a build:
 *
 * <pre>java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
 *   --class-path "target/classes:target/lib/*" examples/finetune/FineTune.java</pre>
 *
 * It writes {@code adapter/}, which PEFT loads, {@code state.safetensors}, from which {@code
 * --resume} goes on, {@code losses.csv}, {@code scores.json} and {@code curve.png}. {@code
 * reference.py} is the same training by PEFT and torch, and compares.
 */
public final class FineTune {
  private static final String ADAPTER = "default";
  private static final int BATCH = 16;
  private static final int EPOCHS = 12;
  private static final int LAYERS = 2;

  private final Settings settings;
  private final Digits training;
  private final Digits test;
  private final int stepsPerEpoch;
  private final List<Double> losses = new ArrayList<>();
  private final TreeMap<Integer, Double> accuracies = new TreeMap<>();

  private FineTune(Settings settings) throws IOException {
    this.settings = settings;
    Path images = settings.data.resolve("digits.csv.gz");
    training = Digits.read(images, 5, false);
    test = Digits.read(images, 5, true);
    stepsPerEpoch = training.count() / BATCH;
  }

  /**
   * Trains.
   *
   * @param arguments {@code --steps N}, {@code --out FOLDER}, {@code --device auto|cpu|cuda},
   *     {@code --adapter FOLDER} to begin with a saved adapter, {@code --bias
   *     none|fourierft_only|all} for what a new one trains, {@code --data FOLDER}, {@code --resume}
   */
  public static void main(String[] arguments) throws IOException {
    Settings settings = Settings.of(arguments);
    new FineTune(settings).run();
  }

  private void run() throws IOException {
    EngineOptions options = EngineOptions.defaults().withDevice(settings.device);
    Path base = settings.data.resolve("base");
    try (FourierEngine engine = FourierEngine.create(options);
        AdaptedModel model =
            settings.adapter == null
                ? AdaptedModel.open(engine, base, config(settings.bias), newHead())
                : AdaptedModel.open(
                    engine, base, settings.adapter, AdaptedModelOptions.defaults());
        Trainer trainer = trainer(engine, model.parameters(ADAPTER))) {
      Classifier classifier = new Classifier(model, LAYERS);
      try (ModelPass pass = model.newPass(classifier.tokens(BATCH))) {
        train(model, trainer, classifier, pass);
      }
    }
  }

  private static FourierFtConfig config(String bias) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names("q_proj", "v_proj"))
        .modulesToSave(List.of("classifier"))
        .nFrequency(200)
        .scaling(100)
        .randomLocSeed(2024)
        .initWeights(true)
        .bias(bias)
        .build();
  }

  /** The base's head tells five other digits apart, so the first values of a new one are given. */
  private static AdaptedModelOptions newHead() {
    Random random = new Random(7);
    float[] weight = new float[Digits.CLASSES * 64];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (0.05 * random.nextGaussian());
    }
    return AdaptedModelOptions.defaults()
        .withNewTensors(
            List.of(
                ExtraTensor.saved("classifier.weight", List.of((long) Digits.CLASSES, 64L), weight),
                ExtraTensor.saved(
                    "classifier.bias", List.of((long) Digits.CLASSES), new float[Digits.CLASSES])));
  }

  private Trainer trainer(FourierEngine engine, AdapterParameters parameters) {
    long total = (long) EPOCHS * stepsPerEpoch;
    List<ParameterGroup> groups = new ArrayList<>();
    groups.add(new ParameterGroup("spectra", parameters.spectra(), 5e-2, 0));
    groups.add(new ParameterGroup("head", parameters.heads(), 6e-3, 0));
    if (!parameters.biases().isEmpty()) {
      groups.add(new ParameterGroup("biases", parameters.biases(), 6e-3, 0));
    }
    return Trainer.of(
        engine,
        groups,
        TrainerOptions.defaults()
            .withSchedule(LearningRateSchedule.linear((long) Math.ceil(0.06 * total), total))
            .withMaxGradientNorm(1));
  }

  private void train(AdaptedModel model, Trainer trainer, Classifier classifier, ModelPass pass)
      throws IOException {
    Path state = settings.out.resolve("state.safetensors");
    Files.createDirectories(settings.out);
    if (settings.resume) {
      trainer.restore(state);
      readLosses((int) trainer.steps());
      say("goes on after step %d", trainer.steps());
    }
    int steps = settings.steps == Settings.ALL ? EPOCHS * stepsPerEpoch : settings.steps;
    for (int step = (int) trainer.steps(); step < steps; step++) {
      Digits batch = training.batch(step, BATCH);
      pass.begin();
      Tokens scores = classifier.forward(pass, batch);
      losses.add(Classifier.loss(scores, batch.labels()));
      classifier.backward(pass, scores);
      trainer.batchDone();
      if ((step + 1) % stepsPerEpoch == 0 || step + 1 == steps) {
        double right = accuracy(model, classifier);
        accuracies.put(step + 1, right);
        say("step %4d  loss %.4f  test accuracy %.1f %%", step + 1, losses.getLast(), 100 * right);
        model.save(ADAPTER, settings.out.resolve("adapter"), true);
        trainer.save(state);
        writeLosses();
      }
    }
    writeScores(model, classifier);
    if (!losses.isEmpty()) {
      draw();
    }
  }

  private double accuracy(AdaptedModel model, Classifier classifier) {
    int right = 0;
    try (ModelPass pass = model.newPass()) {
      for (int from = 0; from < test.count(); from += BATCH) {
        Digits part = test.part(from, Math.min(BATCH, test.count() - from));
        Tokens scores = classifier.forward(pass, part);
        for (int image = 0; image < part.count(); image++) {
          int best = 0;
          for (int label = 1; label < Digits.CLASSES; label++) {
            int at = image * Digits.CLASSES;
            best = scores.values()[at + label] > scores.values()[at + best] ? label : best;
          }
          right += best == part.labels()[image] ? 1 : 0;
        }
      }
    }
    return (double) right / test.count();
  }

  private void writeLosses() throws IOException {
    List<String> lines = new ArrayList<>(List.of("step,loss,accuracy"));
    for (int step = 1; step <= losses.size(); step++) {
      Double right = accuracies.get(step);
      lines.add(step + "," + losses.get(step - 1) + "," + (right == null ? "" : right));
    }
    Files.write(settings.out.resolve("losses.csv"), lines);
  }

  private void readLosses(int steps) throws IOException {
    for (String line : Files.readAllLines(settings.out.resolve("losses.csv"))) {
      String[] words = line.split(",", -1);
      if (!words[0].equals("step") && losses.size() < steps) {
        losses.add(Double.parseDouble(words[1]));
        if (!words[2].isEmpty()) {
          accuracies.put(losses.size(), Double.parseDouble(words[2]));
        }
      }
    }
  }

  /** The scores of the first eight test images, for {@code reference.py check}. */
  private void writeScores(AdaptedModel model, Classifier classifier) throws IOException {
    try (ModelPass pass = model.newPass()) {
      Tokens scores = classifier.forward(pass, test.part(0, 8));
      Files.writeString(
          settings.out.resolve("scores.json"), Arrays.toString(scores.values()) + "\n");
    }
  }

  private void draw() throws IOException {
    Path file = settings.out.resolve("curve.png");
    ImageIO.write(
        TrainingChart.draw("Digits 5 to 9", losses, accuracies, PlotTheme.LIGHT),
        "png",
        file.toFile());
    say("%s, %s", file, settings.out.resolve("adapter"));
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  /**
   * What the program is asked.
   *
   * @param steps how many; {@link #ALL} for twelve epochs
   * @param out where results go
   * @param device as {@link EngineOptions#device()}
   * @param data where images and base model are
   * @param adapter the adapter to begin with, or null for a new one
   * @param bias which biases a new one trains, in PEFT's words
   * @param resume whether to go on with what is in {@code out}
   */
  private record Settings(
      int steps, Path out, String device, Path data, Path adapter, String bias, boolean resume) {
    static final int ALL = -1;

    static Settings of(String[] arguments) {
      int steps = ALL;
      Path out = Path.of("target/finetune");
      String device = "auto";
      Path data = Path.of("examples/finetune");
      Path adapter = null;
      String bias = "none";
      boolean resume = false;
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--steps" -> steps = Integer.parseInt(arguments[++i]);
          case "--out" -> out = Path.of(arguments[++i]);
          case "--device" -> device = arguments[++i];
          case "--data" -> data = Path.of(arguments[++i]);
          case "--adapter" -> adapter = Path.of(arguments[++i]);
          case "--bias" -> bias = arguments[++i];
          case "--resume" -> resume = true;
          default ->
              throw new IllegalArgumentException(
                  "unknown option "
                      + arguments[i]
                      + "; there are --steps, --out, --device, --data,"
                      + " --adapter, --bias and --resume");
        }
      }
      return new Settings(steps, out, device, data, adapter, bias, resume);
    }
  }
}
