package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.stream.WorkStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of coefficients from activations and upstream gradients, or from what was kept of them;
 * with the gradient of the activations if that is wanted.
 */
public final class TokenGradientCall {
  private final SharedResources shared;
  private final LineTokens lines;
  private final OperatorCall operators;

  TokenGradientCall(SharedResources shared, LineTokens lines, OperatorCall operators) {
    this.shared = shared;
    this.lines = lines;
    this.operators = operators;
  }

  /**
   * Runs on {@code stream}; everything was checked.
   *
   * @param gx what ΔWᵀ g is added to; null if that is not wanted
   */
  public void run(
      WorkStream stream,
      AdapterRouting routing,
      TokenInput x,
      TokenInput g,
      @Nullable Matrix gx,
      List<Matrix> gradients,
      OperatorPath path) {
    Matrix input = x.matrix();
    Matrix upstream = g.matrix();
    if (input != null && upstream != null && lines.take(path, routing, input.rows())) {
      runInLines(stream, routing, input, upstream, gx, gradients);
      return;
    }
    if (gx != null) {
      operators.run(stream, routing, true, g, gx, OperatorPath.STAGED);
    }
    runStaged(stream, routing, x, g, gradients);
  }

  private static String doing(List<Matrix> gradients) {
    return "computing gradients of %d adapters".formatted(gradients.size());
  }

  private void runInLines(
      WorkStream stream,
      AdapterRouting routing,
      Matrix x,
      Matrix g,
      @Nullable Matrix gx,
      List<Matrix> gradients) {
    long stride = LineTokens.partialStride(routing);
    long gxBytes = gx == null ? 0 : DeviceTokens.copyBytes(gx, 1);
    new ChunkedCall(
            shared,
            stream,
            DeviceTokens.copyBytes(x, 1)
                + DeviceTokens.copyBytes(g, 1)
                + gxBytes
                + stride * Float.BYTES,
            () -> doing(gradients))
        .run(
            x.rows(),
            (first, count) -> {
              TokenShares shares = LineTokens.chunks(routing, first, count);
              ScratchLayout layout = new ScratchLayout();
              long xAt = layout.add(DeviceTokens.copyBytes(x, count));
              long gAt = layout.add(DeviceTokens.copyBytes(g, count));
              long gxAt = layout.add(count * gxBytes);
              long partialsAt = layout.add(shares.groups() * stride * Float.BYTES);
              GradientTargets targets = new GradientTargets(gradients, layout);
              long scratch = stream.scratch(layout.bytes());
              long partials = scratch + partialsAt;
              targets.placeAt(scratch);
              long table = targets.sums(stream, routing, shares, stride);
              LineTokens.Backward launch = lines.prepare(stream, routing, shares, gx != null);
              DeviceTokens input = DeviceTokens.of(stream, x, first, count, scratch + xAt);
              DeviceTokens upstream = DeviceTokens.of(stream, g, first, count, scratch + gAt);
              DeviceTokens output =
                  gx == null ? null : DeviceTokens.of(stream, gx, first, count, scratch + gxAt);
              targets.upload(stream);
              if (gx != null) {
                DeviceTokens.beginOutput(stream, gx);
              }
              LineTokens.backward(stream, launch, input, upstream, output, partials, stride);
              if (gx != null && output != null) {
                output.download(stream, gx, first, count);
              }
              reduce(stream, routing, targets, table, shares, partials);
            });
  }

  private void runStaged(
      WorkStream stream,
      AdapterRouting routing,
      TokenInput x,
      TokenInput g,
      List<Matrix> gradients) {
    new ChunkedCall(
            shared,
            stream,
            x.spectrumBytes(1) + x.copyBytes(1) + g.spectrumBytes(1) + g.copyBytes(1),
            () -> doing(gradients))
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
    reduce(stream, routing, targets, table, shares, scratch + partialsAt);
  }

  /** Sums the partial sums of chunks into the gradients. */
  private static void reduce(
      WorkStream stream,
      AdapterRouting routing,
      GradientTargets targets,
      long table,
      TokenShares shares,
      long partials) {
    long adapters = routing.adapters().size();
    long most = LineTokens.mostFrequencies(routing);
    targets.begin(stream);
    stream.launch(
        Kernel.REDUCE_SPECTRUM_GRADIENT,
        adapters * Kernel.groups(most, Kernel.TILE),
        stream
            .arguments()
            .add(table)
            .add(adapters)
            .add(most)
            .add(shares.tokensPerChunk())
            .add(partials));
    targets.download(stream);
  }
}
