package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.memory.ScratchLayout;
import io.fourierft.internal.cuda.resident.OperatorForm;
import io.fourierft.internal.cuda.resident.OperatorGroup;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.GradientStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.DeltaScale;
import java.util.List;

/** Where gradients of coefficients go, and the copies of those on the host. */
public final class GradientTargets {
  private final List<Matrix> gradients;
  private final long[] copies;

  /** Takes room in {@code layout} for the gradients on the host. */
  GradientTargets(List<Matrix> gradients, ScratchLayout layout) {
    this.gradients = gradients;
    this.copies = new long[gradients.size()];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = layout.add(DeltaCall.hostBytes(gradients.get(i)));
    }
  }

  /** Tells where the memory of the layout starts. */
  void placeAt(long scratch) {
    for (int i = 0; i < copies.length; i++) {
      copies[i] += scratch;
    }
  }

  /** Device address of one {@link GradientStruct} for each adapter. */
  long table(
      SharedResources shared, WorkStream stream, AdapterRouting routing, TokenShares shares) {
    long tokens = shares.listed().length == 0 ? 0 : stream.table(StructTable.of(shares.listed()));
    OperatorGroup places = shared.adapters().group(stream, routing.adapters(), OperatorForm.PLACES);
    StructTable table = new StructTable(GradientStruct.LAYOUT, copies.length);
    long firstPartial = 0;
    long firstUnit = 0;
    for (int i = 0; i < copies.length; i++) {
      FourierAdapter adapter = routing.adapters().get(i);
      int n = adapter.nFrequency();
      long chunks = shares.chunks(i);
      table.add(
          new GradientStruct(
              places.address(i),
              places.address(i) + (long) Integer.BYTES * n,
              pointer(i),
              routing.isPerToken() ? tokens + (long) Integer.BYTES * shares.start(i) : 0,
              n,
              shares.count(i),
              firstPartial,
              firstUnit,
              (float) DeltaScale.factor(adapter),
              n));
      firstPartial += chunks * n;
      firstUnit += chunks * Kernel.groups(n, Kernel.BLOCK);
    }
    return stream.table(table.finish());
  }

  /** The same for sums over the groups of {@link TokenGroups}, so many numbers each. */
  long sums(WorkStream stream, AdapterRouting routing, TokenShares shares, long partialStride) {
    StructTable table = new StructTable(GradientStruct.LAYOUT, copies.length);
    long firstPartial = 0;
    for (int i = 0; i < copies.length; i++) {
      FourierAdapter adapter = routing.adapters().get(i);
      int n = adapter.nFrequency();
      float scale = (float) DeltaScale.factor(adapter);
      int stride = Math.toIntExact(partialStride);
      long count = shares.count(i);
      table.add(new GradientStruct(0, 0, pointer(i), 0, n, count, firstPartial, 0, scale, stride));
      firstPartial += routing.isPerToken() ? shares.chunks(i) * partialStride : n;
    }
    return stream.table(table.finish());
  }

  private long pointer(int i) {
    return gradients.get(i) instanceof DeviceView view ? view.pointer() : copies[i];
  }

  /** Enqueues copies of what the gradients on the host hold now. */
  void upload(WorkStream stream) {
    for (int i = 0; i < copies.length; i++) {
      if (gradients.get(i) instanceof HostMatrix host) {
        stream.upload(HostBytes.of(host), copies[i]);
      }
    }
  }

  /** To be called before anything is enqueued that adds to the gradients. */
  void begin(WorkStream stream) {
    DeltaCall.beginOutput(stream, gradients);
  }

  /** Queues copies to the gradients on the host. */
  void download(WorkStream stream) {
    for (int i = 0; i < copies.length; i++) {
      if (gradients.get(i) instanceof HostMatrix host) {
        stream.download(copies[i], HostBytes.of(host));
      }
    }
  }
}
