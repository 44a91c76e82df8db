package io.fourierft.internal.cuda.memory;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.OpenResources;
import java.lang.ref.Cleaner;

/** Device memory that a user of the engine owns. */
public final class OwnedBuffer implements DeviceBuffer, MemoryOwner {
  private final DeviceBlock block;
  private final DeviceView view;
  private final Cleaner.Cleanable cleanable;
  private final Reclaimer reclaimer;

  public OwnedBuffer(
      CudaContext context,
      OpenResources registry,
      Cleaner cleaner,
      ElementType elementType,
      int rows,
      int cols) {
    long bytes = DeviceView.requireSizes(rows, cols, cols, elementType);
    this.block = registry.make(() -> DeviceBlock.allocate(context, bytes));
    this.view = new DeviceView(context, this, block.pointer(), elementType, rows, cols, cols);
    this.reclaimer = new Reclaimer(registry, block, view.toString());
    this.cleanable = cleaner.register(this, reclaimer);
  }

  /** The view that operations work on. */
  public DeviceView view() {
    return view;
  }

  @Override
  public void requireOpen() {
    if (block.isClosed()) {
      throw new EngineClosedException("this " + view + " was closed, by itself or with its engine");
    }
  }

  @Override
  public DeviceBlock block() {
    return block;
  }

  @Override
  public long sizeInBytes() {
    return block.bytes();
  }

  @Override
  public String device() {
    return view.device();
  }

  @Override
  public long pointer() {
    return view.pointer();
  }

  @Override
  public CudaMatrix slice(int first, int count) {
    requireOpen();
    return view.slice(first, count);
  }

  @Override
  public ElementType elementType() {
    return view.elementType();
  }

  @Override
  public int rows() {
    return view.rows();
  }

  @Override
  public int cols() {
    return view.cols();
  }

  @Override
  public long stride() {
    return view.stride();
  }

  @Override
  public void close() {
    reclaimer.closedByOwner = true;
    cleanable.clean();
  }

  @Override
  public String toString() {
    return view.toString();
  }

  /** Frees the memory, once; warns if the owner did not. Does not refer to the buffer. */
  private static final class Reclaimer implements Runnable {
    private final OpenResources registry;
    private final DeviceBlock block;
    private final String description;
    private volatile boolean closedByOwner;

    Reclaimer(OpenResources registry, DeviceBlock block, String description) {
      this.registry = registry;
      this.block = block;
      this.description = description;
    }

    @Override
    public void run() {
      boolean leaked = !closedByOwner && !block.isClosed();
      registry.giveBack(block);
      if (leaked) {
        System.getLogger(DeviceBuffer.class.getName())
            .log(
                System.Logger.Level.WARNING,
                "a device buffer was never closed: {0}; its memory was reclaimed",
                description);
      }
    }
  }
}
