package io.fourierft.merge;

import io.fourierft.FourierEngine;
import io.fourierft.internal.files.InputFile;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.ShardPlan;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Writes the weight files of one merge, several at a time, and what changes in each is computed
 * while what does not is written ({@link TensorsAhead}). The first that fails ends the others at
 * their next tensor.
 */
final class WeightFiles {
  private static final int MOST_AT_A_TIME = 4;

  private final SafetensorsCheckpoint checkpoint;
  private final MergePlan plan;
  private final List<ShardPlan.PlannedShard> shards;
  private final Path folder;
  private final ProgressListener progress;
  private final TensorMemory memory;
  private final List<TensorAssembly> assemblies = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final Object progressLock = new Object();
  private long done;
  private volatile @Nullable Throwable failure;

  WeightFiles(
      FourierEngine engine,
      SafetensorsCheckpoint checkpoint,
      MergePlan plan,
      Path folder,
      ProgressListener progress) {
    this.checkpoint = checkpoint;
    this.plan = plan;
    this.shards = plan.shards().shards();
    this.folder = folder;
    this.progress = progress;
    this.memory = TensorMemory.of(plan);
    shards.forEach(
        shard ->
            assemblies.add(
                new TensorAssembly(
                    engine, plan.options().addition(), plan.options().safe(), memory)));
  }

  /** As many at a time as there are processors, within reason. */
  static int usualThreads() {
    return Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_AT_A_TIME);
  }

  /**
   * Writes them all; may be called once.
   *
   * @param threads how many at a time, the calling one among them
   * @return what each addition did, in the files' order
   */
  List<TensorChange> write(int threads) throws IOException {
    try (memory) {
      writeAll(threads);
    }
    return assemblies.stream().flatMap(assembly -> assembly.changes().stream()).toList();
  }

  private void writeAll(int threads) throws IOException {
    List<Thread> others = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, shards.size()); i++) {
      others.add(
          Thread.ofPlatform().daemon().name("fourierft-weights-" + i).start(this::writeSome));
    }
    writeSome();
    boolean interrupted = false;
    for (Thread other : others) {
      while (other.isAlive()) {
        try {
          other.join();
        } catch (InterruptedException e) {
          // What is written by others is of no use without this; the caller finds out afterwards.
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (failure) {
      case null -> {}
      case IOException io -> throw io;
      case RuntimeException runtime -> throw runtime;
      case Error error -> throw error;
      default -> throw new IllegalStateException(failure);
    }
  }

  private void writeSome() {
    try {
      for (int i = next.getAndIncrement(); i < shards.size(); i = next.getAndIncrement()) {
        write(shards.get(i), assemblies.get(i));
        if (failure != null) {
          return;
        }
      }
    } catch (Throwable e) {
      failed(e);
    }
  }

  private void failed(Throwable e) {
    synchronized (progressLock) {
      if (failure == null) {
        failure = e;
      }
    }
  }

  private void write(ShardPlan.PlannedShard shard, TensorAssembly assembly) throws IOException {
    Path file = InputFile.resolve(folder, shard.fileName());
    Optional<Path> same = plan.untouchedFile(shard);
    if (same.isPresent()) {
      FileSharing.share(same.get(), file, plan.options().untouched());
      progressed(
          shard.tensors().stream().mapToLong(TensorDeclaration::sizeInBytes).sum(),
          shard.fileName());
      return;
    }
    List<OutputTensor> tensors =
        shard.tensors().stream().map(declaration -> plan.tensor(declaration.name())).toList();
    try (SafetensorsWriter writer =
            SafetensorsWriter.create(
                file, ModelMerge.metadata(checkpoint, plan, shard), shard.tensors());
        TensorsAhead ahead = TensorsAhead.start(assembly, tensors)) {
      ArrayDeque<OutputTensor> postponed = new ArrayDeque<>();
      for (OutputTensor tensor : tensors) {
        if (failure != null) {
          return;
        }
        if (tensor.isUntouched()) {
          TensorAssembly.copy(tensor, writer);
          progressed(tensor.declaration().sizeInBytes(), tensor.name());
        } else {
          // What is not computed yet gets its place, and what follows is written meanwhile.
          writer.postpone(tensor.name());
          postponed.add(tensor);
        }
        while (!postponed.isEmpty() && ahead.isReady()) {
          fill(postponed.remove(), ahead, writer);
        }
      }
      while (!postponed.isEmpty()) {
        if (failure != null) {
          return;
        }
        fill(postponed.remove(), ahead, writer);
      }
      // The folder forces all of its files before it gets its name.
      writer.commitUnforced();
    }
  }

  private void fill(OutputTensor tensor, TensorsAhead ahead, SafetensorsWriter writer)
      throws IOException {
    try (TensorMemory.Held assembled = ahead.take()) {
      writer.fill(tensor.name(), assembled.bytes());
    }
    progressed(tensor.declaration().sizeInBytes(), tensor.name());
  }

  /** Tells the listener, unless something has failed; what it throws is the failure at once. */
  private void progressed(long bytes, String what) {
    synchronized (progressLock) {
      if (failure != null) {
        return;
      }
      done += bytes;
      try {
        progress.progressed(done, plan.shards().totalSizeInBytes(), what);
      } catch (Throwable e) {
        failed(e);
        throw e;
      }
    }
  }
}
