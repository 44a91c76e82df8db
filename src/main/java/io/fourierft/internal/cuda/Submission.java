package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.OwnedBuffer;
import io.fourierft.internal.cuda.ops.CudaTokenSpectrum;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.EngineStream;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.lang.ref.Reference;
import java.util.List;

/**
 * How the calls of an engine come to a stream.
 *
 * @param stream where they are enqueued
 * @param adapters what the device holds of adapters
 */
record Submission(EngineStream stream, ResidentAdapters adapters) {
  /** Work on one stream. */
  interface Work {
    void enqueue(WorkStream stream);
  }

  /** Enqueues {@code work}; what {@code keep} refers to stays reachable until that is done. */
  void submit(Object keep, Work work) {
    try {
      WorkStream target = stream.work();
      target.submit(
          () -> {
            retain(target, keep);
            if (!target.isRecording()) {
              adapters.shrink();
            }
            work.enqueue(target);
            target.finishDownloads();
          });
    } finally {
      Reference.reachabilityFence(keep);
    }
  }

  /** Keeps the memory of matrices while a recording that uses them lasts. */
  private static void retain(WorkStream target, Object memory) {
    switch (memory) {
      case List<?> several -> several.forEach(each -> retain(target, each));
      case OwnedBuffer buffer -> target.retain(buffer.block());
      case DeviceView view -> target.retain(view.block());
      case CudaTokenSpectrum spectrum -> target.retain(spectrum.block());
      default -> {}
    }
  }
}
