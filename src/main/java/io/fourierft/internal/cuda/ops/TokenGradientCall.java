package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.List;

/** Gradients of coefficients from activations and upstream gradients, or from their transforms. */
public final class TokenGradientCall {
  private final SharedResources shared;

  TokenGradientCall(SharedResources shared) {
    this.shared = shared;
  }

  /** Runs on {@code stream}; everything was checked. */
  public void run(
      WorkStream stream,
      AdapterRouting routing,
      TokenInput x,
      TokenInput g,
      List<Matrix> gradients) {
    new ChunkedCall(
            shared,
            stream,
            x.spectrumBytes(1) + x.copyBytes(1) + g.spectrumBytes(1) + g.copyBytes(1),
            () -> "computing gradients of %d adapters".formatted(gradients.size()))
        .run(
            x.tokens(), (first, count) -> runChunk(stream, routing, x, g, gradients, first, count));
  }

  private void runChunk(
      WorkStream stream,
      AdapterRouting routing,
      TokenInput x,
      TokenInput g,
      List<Matrix> gradients,
      int first,
      int count) {
    TokenShares shares = TokenShares.of(routing, first, count);
    long batch = RoundedBatch.of(count);
    ScratchLayout layout = new ScratchLayout();
    long xSpectraAt = layout.add(x.spectrumBytes(batch));
    long gSpectraAt = layout.add(g.spectrumBytes(batch));
    long xCopyAt = layout.add(x.copyBytes(count));
    long gCopyAt = layout.add(g.copyBytes(count));
    long partialsAt = layout.add(shares.partials(routing) * Float.BYTES);
    GradientTargets targets = new GradientTargets(gradients, layout);
    long scratch = stream.scratch(layout.bytes());
    targets.placeAt(scratch);
    long table = targets.table(shared, stream, routing, shares);
    long xSpectra = x.enqueue(stream, first, count, scratch + xCopyAt, scratch + xSpectraAt);
    long gSpectra = g.enqueue(stream, first, count, scratch + gCopyAt, scratch + gSpectraAt);
    targets.upload(stream);
    long units = shares.units(routing);
    stream.launch(
        Kernel.SPECTRUM_GRADIENT,
        units,
        stream
            .arguments()
            .add(table)
            .add((long) gradients.size())
            .add(units)
            .add((long) routing.rows())
            .add((long) routing.cols())
            .add(xSpectra)
            .add(gSpectra)
            .add(shares.tokensPerChunk())
            .add(scratch + partialsAt));
    long most = mostFrequencies(routing.adapters());
    targets.begin(stream);
    stream.launch(
        Kernel.REDUCE_SPECTRUM_GRADIENT,
        gradients.size() * Kernel.groups(most, Kernel.BLOCK),
        stream
            .arguments()
            .add(table)
            .add((long) gradients.size())
            .add(most)
            .add(shares.tokensPerChunk())
            .add(scratch + partialsAt));
    targets.download(stream);
  }

  private static long mostFrequencies(List<FourierAdapter> adapters) {
    long most = 0;
    for (FourierAdapter adapter : adapters) {
      most = Math.max(most, adapter.nFrequency());
    }
    return most;
  }
}
