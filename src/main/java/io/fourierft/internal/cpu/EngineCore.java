package io.fourierft.internal.cpu;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.IdleStack;

/** What the operations of one engine share. */
record EngineCore(CpuKernels kernels, WorkerPool pool, FoldedLocationsCache cache) {
  /** Buffers above this are not kept from one dense ΔW to the next. */
  private static final long MOST_RETAINED_BYTES = 256L << 20;

  EngineCore(CpuKernels kernels, int threads) {
    this(kernels, new WorkerPool(threads, kernels::newWorkspace), new FoldedLocationsCache());
  }

  /** Blocks of tokens. */
  int blocks(int tokens) {
    return Math.ceilDiv(tokens, kernels.tokensPerBlock(tokens));
  }

  /** Most blocks in which so many tokens or fewer come. */
  int mostBlocks(int tokens) {
    int most = blocks(tokens);
    for (int fewer = Integer.highestOneBit(tokens); fewer > 0; fewer /= 2) {
      most = Math.max(most, blocks(fewer));
    }
    return most;
  }

  /** Length of the array with the transforms of one block of a call's tokens. */
  int spectrumFloats(int features, int tokens) {
    return kernels.spectrumFloats(features, Math.min(tokens, kernels.tokensPerBlock(tokens)));
  }

  /** Tasks that are worth waking a thread for, when each token of a task costs so many numbers. */
  static int grain(long numbersPerToken, int tokensPerTask) {
    return (int) Math.max(1, (1 << 14) / (numbersPerToken * tokensPerTask));
  }

  /** Whether other threads may touch the memory; a confined arena's is its owner's alone. */
  boolean shareable(HostMatrix matrix) {
    return pool.canReach(matrix.data());
  }

  /** Keeps a job for the next call, unless it holds too much. */
  void giveBack(IdleStack<DenseJob> jobs, DenseJob job) {
    if (job.retainedBytes() <= MOST_RETAINED_BYTES) {
      jobs.give(job);
    }
  }

  /** Keeps a call for the next, unless it holds too much. */
  void giveBack(IdleStack<DeltaGradientCall> calls, DeltaGradientCall call) {
    if (call.retainedBytes() <= MOST_RETAINED_BYTES) {
      calls.give(call);
    }
  }
}
