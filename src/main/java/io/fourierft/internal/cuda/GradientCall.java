package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gradients of coefficients from activations and upstream gradients, or from their transforms. */
final class GradientCall {
  private static final int GRADIENT_BYTES = 72;

  private final EngineCore core;

  GradientCall(EngineCore core) {
    this.core = core;
  }

  /**
   * One of the two inputs: a matrix that must be transformed, or its kept transform.
   *
   * @param matrix the activations, or null
   * @param kept their transform, or null
   * @param features their length
   */
  record Input(@Nullable Matrix matrix, @Nullable CudaTokenSpectrum kept, long features) {
    static Input of(Matrix matrix) {
      return new Input(matrix, null, matrix.cols());
    }

    static Input of(CudaTokenSpectrum kept) {
      return new Input(null, kept, kept.features());
    }

    int tokens() {
      return matrix != null ? matrix.rows() : kept != null ? kept.tokens() : 0;
    }

    long spectrumBytes(long tokens) {
      return matrix == null ? 0 : tokens * CudaTokenSpectrum.bytesPerToken(features);
    }

    long copyBytes(long tokens) {
      return matrix == null ? 0 : TokenTransforms.copyBytes(matrix, tokens);
    }

    /** Device address of the transforms of some tokens, enqueued if need be. */
    long enqueue(Lane lane, int first, int count, long copy, long spectra) {
      if (kept != null) {
        return kept.pointer(first);
      }
      if (matrix != null) {
        TokenTransforms.enqueue(lane, matrix, first, count, copy, spectra);
      }
      return spectra;
    }
  }

  /** Runs on {@code lane}; everything was checked. */
  void run(Lane lane, AdapterRouting routing, Input x, Input g, List<Matrix> gradients) {
    new ChunkedCall(
            core,
            lane,
            x.spectrumBytes(1) + x.copyBytes(1) + g.spectrumBytes(1) + g.copyBytes(1),
            () -> "computing gradients of %d adapters".formatted(gradients.size()))
        .run(x.tokens(), (first, count) -> runChunk(lane, routing, x, g, gradients, first, count));
  }

  private void runChunk(
      Lane lane,
      AdapterRouting routing,
      Input x,
      Input g,
      List<Matrix> gradients,
      int first,
      int count) {
    TokenShares shares = TokenShares.of(routing, first, count);
    long batch = TokenBatch.roundUp(count);
    ScratchLayout layout = new ScratchLayout();
    long xSpectraAt = layout.add(x.spectrumBytes(batch));
    long gSpectraAt = layout.add(g.spectrumBytes(batch));
    long xCopyAt = layout.add(x.copyBytes(count));
    long gCopyAt = layout.add(g.copyBytes(count));
    long partialsAt = layout.add(shares.partials(routing) * Float.BYTES);
    long[] hostAt = new long[gradients.size()];
    for (int i = 0; i < hostAt.length; i++) {
      hostAt[i] = layout.add(DeltaCall.hostBytes(gradients.get(i)));
    }
    long scratch = lane.scratch(layout.bytes());
    for (int i = 0; i < hostAt.length; i++) {
      hostAt[i] += scratch;
    }
    long table = table(lane, routing, gradients, hostAt, shares);
    long xSpectra = x.enqueue(lane, first, count, scratch + xCopyAt, scratch + xSpectraAt);
    long gSpectra = g.enqueue(lane, first, count, scratch + gCopyAt, scratch + gSpectraAt);
    uploadGradients(lane, gradients, hostAt);
    long units = shares.units(routing);
    lane.launch(
        Kernel.SPECTRUM_GRADIENT,
        units,
        lane.arguments()
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
    lane.launch(
        Kernel.REDUCE_SPECTRUM_GRADIENT,
        gradients.size() * Kernel.groups(most, Kernel.BLOCK),
        lane.arguments()
            .add(table)
            .add((long) gradients.size())
            .add(most)
            .add(shares.tokensPerChunk())
            .add(scratch + partialsAt));
    downloadGradients(lane, gradients, hostAt);
  }

  private static long mostFrequencies(List<FourierAdapter> adapters) {
    long most = 0;
    for (FourierAdapter adapter : adapters) {
      most = Math.max(most, adapter.nFrequency());
    }
    return most;
  }

  private long table(
      Lane lane,
      AdapterRouting routing,
      List<Matrix> gradients,
      long[] hostAt,
      TokenShares shares) {
    long tokens = shares.listed().length == 0 ? 0 : lane.table(shares.listedBytes());
    TableWriter table = new TableWriter(gradients.size(), GRADIENT_BYTES);
    long firstPartial = 0;
    long firstUnit = 0;
    for (int i = 0; i < gradients.size(); i++) {
      FourierAdapter adapter = routing.adapters().get(i);
      Matrix gradient = gradients.get(i);
      long pointer = gradient instanceof DeviceView view ? view.pointer() : hostAt[i];
      long n = adapter.nFrequency();
      long chunks = shares.chunks(i);
      long list = routing.isPerToken() ? tokens + (long) Integer.BYTES * shares.start(i) : 0;
      long partial = firstPartial;
      long unit = firstUnit;
      core.adapters()
          .places(
              adapter.locations(),
              places ->
                  table.put(places.rows(lane)).put(places.columns(lane)).put(pointer).put(list));
      table
          .put(n)
          .put((long) shares.count(i))
          .put(partial)
          .put(unit)
          .put((float) DeltaScale.factor(adapter))
          .put(0);
      firstPartial += chunks * n;
      firstUnit += chunks * Kernel.groups(n, Kernel.BLOCK);
    }
    return lane.table(table.finish());
  }

  /** The gradient from a dense upstream gradient of ΔW. */
  void runDense(Lane lane, FourierAdapter adapter, Matrix upstream, Matrix gradient) {
    long rows = adapter.rows();
    long cols = adapter.cols();
    long stride = 2 * PlanKey.half(cols);
    new ChunkedCall(
            core,
            lane,
            rows * stride * Float.BYTES + DeltaCall.hostBytes(upstream),
            () -> "computing a gradient from one of %d x %d".formatted(rows, cols))
        .run(
            1,
            (_, _) -> {
              ScratchLayout layout = new ScratchLayout();
              long halfAt = layout.add(rows * stride * Float.BYTES);
              long copyAt = layout.add(DeltaCall.hostBytes(upstream));
              long hostAt = layout.add(DeltaCall.hostBytes(gradient));
              long scratch = lane.scratch(layout.bytes());
              long half = scratch + halfAt;
              long copy = scratch + hostAt;
              long[] copies = {copy};
              List<Matrix> gradients = List.of(gradient);
              long table =
                  table(lane, AdapterRouting.all(adapter), gradients, copies, TokenShares.none());
              pack(lane, upstream, scratch + copyAt, half, stride);
              lane.plans()
                  .execute(new PlanKey(PlanKey.Kind.REAL_TO_HALF_2D, rows, cols, 1), half, half);
              uploadGradients(lane, gradients, copies);
              long n = adapter.nFrequency();
              lane.launch(
                  Kernel.DELTA_GRADIENT,
                  Kernel.groups(n, Kernel.BLOCK),
                  lane.arguments().add(table).add(1L).add(n).add(rows).add(cols).add(half));
              downloadGradients(lane, gradients, copies);
            });
  }

  private static void pack(Lane lane, Matrix matrix, long copy, long packed, long packedStride) {
    long source = copy;
    long stride = matrix.cols();
    if (matrix instanceof HostMatrix host) {
      lane.upload(HostRows.of(host), copy);
    } else if (matrix instanceof DeviceView view) {
      source = view.pointer();
      stride = view.stride();
    }
    lane.launch(
        Kernel.PACK,
        matrix.rows() * Kernel.groups(matrix.cols(), Kernel.SEGMENT),
        lane.arguments()
            .add(source)
            .add(ElementCode.of(matrix.elementType()))
            .add(stride)
            .add((long) matrix.rows())
            .add((long) matrix.cols())
            .add(packed)
            .add(packedStride));
  }

  private static void uploadGradients(Lane lane, List<Matrix> gradients, long[] hostAt) {
    for (int i = 0; i < hostAt.length; i++) {
      if (gradients.get(i) instanceof HostMatrix host) {
        lane.upload(HostRows.of(host), hostAt[i]);
      }
    }
  }

  private static void downloadGradients(Lane lane, List<Matrix> gradients, long[] hostAt) {
    for (int i = 0; i < hostAt.length; i++) {
      if (gradients.get(i) instanceof HostMatrix host) {
        lane.download(hostAt[i], HostRows.of(host));
      }
    }
  }
}
