package io.fourierft.internal.cuda.blas;

import io.fourierft.cuda.CublasException;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.Cublas;
import io.fourierft.internal.cuda.ffm.GemmLayout;
import io.fourierft.internal.cuda.memory.GrowingBlock;
import java.util.ArrayList;
import java.util.List;

/**
 * What one stream has of cuBLAS: a handle, made when it is first needed, and a workspace of the
 * engine's own memory, so that products can be recorded and nothing is taken from the device while
 * they are enqueued. Not thread-safe.
 */
public final class StreamBlas implements AutoCloseable {
  /** What cuBLAS recommends from compute capability 9.0 on, and before. */
  private static final long LARGE_WORKSPACE = 32L << 20;

  private static final long WORKSPACE = 4L << 20;

  /** At most this share of a device's memory, so that a small one keeps room for other things. */
  private static final long SHARE = 256;

  private final CudaContext context;
  private final CublasSupply supply;
  private final long stream;
  private final GrowingBlock workspace;

  /** 0 while there is none. */
  private long handle;

  /** Handles that could not be freed; tried again with the next. */
  private final List<Long> refused = new ArrayList<>();

  public StreamBlas(CudaContext context, CublasSupply supply, long stream) {
    this.context = context;
    this.supply = supply;
    this.stream = stream;
    this.workspace = new GrowingBlock(context);
  }

  /** Makes the handle and takes the workspace, so that {@link #multiply} allocates nothing. */
  public void prepare() {
    if (handle != 0) {
      return;
    }
    Cublas cublas = supply.require();
    long bytes = workspaceBytes();
    long pointer = workspace.atLeast(bytes);
    long made = cublas.create();
    boolean complete = false;
    try {
      cublas.setMathMode(made, Cublas.EXACT_SUMS);
      cublas.setStream(made, stream);
      // The stream resets the workspace, so this comes after it.
      cublas.setWorkspace(made, pointer, bytes);
      handle = made;
      complete = true;
    } finally {
      if (!complete) {
        destroy(cublas, made);
      }
    }
  }

  private long workspaceBytes() {
    long wanted = context.device().major() >= 9 ? LARGE_WORKSPACE : WORKSPACE;
    return Math.min(wanted, Math.max(1L << 20, context.device().totalBytes() / SHARE));
  }

  /** Enqueues a product. */
  public void multiply(GemmLayout product) {
    prepare();
    supply.require().gemmEx(handle, product);
  }

  /** Gives handle and workspace back, as when memory is short; they can be made again. */
  public void clear() {
    if (handle != 0 || !refused.isEmpty()) {
      context.quietly(() -> context.driver().streamSynchronize(stream));
      if (!context.quietly(this::destroyAll)) {
        // The device is lost, or the context cannot be made current: a handle goes without it too.
        destroyAll();
      }
    }
    workspace.close();
  }

  private void destroyAll() {
    Cublas cublas = supply.require();
    List<Long> again = List.copyOf(refused);
    refused.clear();
    again.forEach(each -> destroy(cublas, each));
    long last = handle;
    handle = 0;
    if (last != 0) {
      destroy(cublas, last);
    }
  }

  /** Also where the device is lost: what a handle holds of the host's memory is not. */
  private void destroy(Cublas cublas, long each) {
    try {
      cublas.destroy(each);
    } catch (CublasException e) {
      System.Logger.Level level =
          context.isLost() ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
      System.getLogger(StreamBlas.class.getName()).log(level, e.getMessage());
      refused.add(each);
    }
  }

  @Override
  public void close() {
    clear();
    if (!refused.isEmpty()) {
      destroyAll();
    }
  }
}
