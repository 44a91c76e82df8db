package io.fourierft.lora;

import io.fourierft.FourierException;
import io.fourierft.WeightLayout;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.host.LittleEndian;
import io.fourierft.merge.AdapterInspection;
import io.fourierft.merge.ProgressListener;
import io.fourierft.peft.LoraAdapterWriter;
import io.fourierft.peft.LoraConfig;
import io.fourierft.peft.LoraModule;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.TensorData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes the LoRA adapter that is nearest to a FourierFT adapter, module by module. It is another
 * adapter: what {@link ModuleReport#keptEnergy} says a module loses, the model loses.
 */
public final class LoraExport {
  private LoraExport() {}

  /**
   * Converts and writes; on all processors.
   *
   * @param base a model folder or file, read for its names and shapes alone
   * @param adapter folder as PEFT saves it
   * @param output the folder to write; appears when it is whole
   * @throws FourierException if the adapter does not fit the base or is not finite, a module keeps
   *     less than {@link LoraOptions#minEnergy}, or the folder is there; nothing is written then
   * @throws IOException if reading or writing fails; nothing is left behind then
   */
  public static LoraResult write(
      Path base, Path adapter, Path output, LoraOptions options, ProgressListener progress)
      throws IOException {
    LoraAdapterWriter.requireFree(output, options.overwrite());
    if (InputFile.isThere(output) && Files.isSameFile(output, adapter)) {
      throw new FourierException(
          "%s is the adapter that is to be converted; give the name of another folder"
              .formatted(output));
    }
    AdapterInspection inspection = AdapterInspection.open(adapter, base, options.resolve());
    List<ResolvedModule> bound = new ArrayList<>();
    for (AdapterInspection.Layer layer : inspection.layers()) {
      if (layer.bound() != null) {
        bound.add(layer.bound());
      }
    }
    bound.forEach(LoraExport::requireFollowed);
    Work work = new Work(bound, options, progress);
    List<LowRankApproximation> found = bound.parallelStream().map(work::approximate).toList();
    List<LoraModule> modules = new ArrayList<>();
    List<ModuleReport> reports = new ArrayList<>();
    Map<String, Integer> ranks = new LinkedHashMap<>();
    boolean fanInFanOut = false;
    for (int i = 0; i < found.size(); i++) {
      String path = bound.get(i).path();
      modules.add(module(path, found.get(i)));
      reports.add(ModuleReport.of(path, found.get(i)));
      ranks.put(path, found.get(i).rank());
      fanInFanOut |= bound.get(i).layout() == WeightLayout.IN_OUT;
    }
    requireEnergy(reports, options);
    LoraConfig config = new LoraConfig(inspection.config(), ranks, fanInFanOut);
    LoraAdapterWriter.write(
        config, modules, inspection.extraTensors(), output, options.overwrite());
    return new LoraResult(
        output,
        config.rank(),
        reports,
        modules.stream().mapToLong(LoraModule::sizeInBytes).sum(),
        inspection.notes());
  }

  private static void requireFollowed(ResolvedModule module) {
    try {
      LowRankApproximation.requireFollowed(module.adapter());
    } catch (FourierException e) {
      throw new FourierException("module '%s': %s".formatted(module.path(), e.getMessage()), e);
    }
  }

  private static void requireEnergy(List<ModuleReport> reports, LoraOptions options) {
    List<ModuleReport> lacking =
        reports.stream()
            .filter(report -> report.keptEnergy() < options.minEnergy())
            .sorted(Comparator.comparingDouble(ModuleReport::keptEnergy))
            .toList();
    if (!lacking.isEmpty()) {
      ModuleReport worst = lacking.getFirst();
      throw new FourierException(
          ("%d of %d modules keep less than %s of their delta's energy at rank %d, the least '%s'"
                  + " with %.4f; allow a higher rank or a smaller LoraOptions.minEnergy, or merge"
                  + " the adapter, which loses nothing")
              .formatted(
                  lacking.size(),
                  reports.size(),
                  options.minEnergy(),
                  worst.rank(),
                  worst.module(),
                  worst.keptEnergy()));
    }
  }

  private static LoraModule module(String path, LowRankApproximation lora) {
    return new LoraModule(
        path, lora.rows(), lora.cols(), lora.rank(), bytes(lora::loraA), bytes(lora::loraB));
  }

  private static TensorData bytes(Supplier<float[]> factor) {
    return use -> {
      float[] values = factor.get();
      byte[] data = new byte[Math.multiplyExact(values.length, Float.BYTES)];
      MemorySegment segment = MemorySegment.ofArray(data);
      MemorySegment.copy(values, 0, segment, LittleEndian.FLOAT, 0, values.length);
      use.accept(segment.asReadOnly());
    };
  }

  /** The modules that are being converted, and how many are done. */
  private static final class Work {
    private final LoraOptions options;
    private final ProgressListener progress;
    private final long total;
    private long done;

    Work(List<ResolvedModule> modules, LoraOptions options, ProgressListener progress) {
      this.options = options;
      this.progress = progress;
      this.total = modules.stream().mapToLong(Work::elements).sum();
    }

    private static long elements(ResolvedModule module) {
      return (long) module.adapter().rows() * module.adapter().cols();
    }

    LowRankApproximation approximate(ResolvedModule module) {
      LowRankApproximation whole = LowRankApproximation.of(module.adapter(), options.rank());
      synchronized (this) {
        done += elements(module);
        progress.progressed(done, total, module.path());
      }
      return options.energy() < 1 ? whole.truncated(whole.rankThatKeeps(options.energy())) : whole;
    }
  }
}
