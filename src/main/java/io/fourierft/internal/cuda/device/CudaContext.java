package io.fourierft.internal.cuda.device;

import io.fourierft.EngineClosedException;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.cuda.NativeCallException;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A share in the primary context of one device. All calls of the driver go through {@link #run} or
 * {@link #call}, which make the context current on the calling thread, refuse once the device is
 * lost or the context closed, and notice when it is lost. Closing waits for the calls that run.
 *
 * <p>What is current belongs to a thread of the operating system, and a virtual thread that blocks
 * goes on on another one. So calls of virtual threads are made by platform threads.
 */
public final class CudaContext implements AutoCloseable {
  private final CudaDriver driver;
  private final CudaDevice device;
  private final long handle;
  private final ReentrantReadWriteLock lifetime = new ReentrantReadWriteLock();
  private final AtomicLong allocatedBytes = new AtomicLong();
  private final Queue<Runnable> refused = new ConcurrentLinkedQueue<>();
  private volatile @Nullable CudaException lost;
  private final PlatformThreads threads = new PlatformThreads();
  private volatile boolean closed;

  public CudaContext(CudaDriver driver, CudaDevice device) {
    this.driver = driver;
    this.device = device;
    this.handle = driver.devicePrimaryCtxRetain(device.handle());
  }

  public CudaDriver driver() {
    return driver;
  }

  public CudaDevice device() {
    return device;
  }

  /** The CUcontext. */
  public long handle() {
    return handle;
  }

  /** Bytes of device memory allocated through this and not yet freed. */
  public long allocatedBytes() {
    return allocatedBytes.get();
  }

  /** Whether the device failed for good. */
  public boolean isLost() {
    return lost != null;
  }

  /** Runs {@code work} with the context current on this thread. */
  public void run(Runnable work) {
    call(
        () -> {
          work.run();
          return Boolean.TRUE;
        });
  }

  /** Runs {@code work} with the context current on this thread, and returns its result. */
  public <T> T call(Supplier<T> work) {
    if (isInside()) {
      // With the context current.
      return work.get();
    }
    return Thread.currentThread().isVirtual() ? threads.call(() -> enter(work)) : enter(work);
  }

  /**
   * Runs {@code work} on this thread, or, if this is a virtual one, on a platform thread while this
   * one waits. Locks that are held around calls of the driver must be taken inside.
   */
  public <T> T onPlatformThread(Supplier<T> work) {
    return Thread.currentThread().isVirtual() ? threads.call(work) : work.get();
  }

  private <T> T enter(Supplier<T> work) {
    lifetime.readLock().lock();
    try {
      requireUsable();
      driver.ctxPushCurrent(handle);
      try {
        return work.get();
      } catch (NativeCallException e) {
        throw e instanceof CudaException ? e : diagnosed(e);
      } finally {
        leave();
      }
    } catch (CudaException e) {
      note(e);
      throw e;
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /**
   * Makes the context no longer current. The work is done by then: a failure must neither hide its
   * result nor let the caller do it again. That a device is lost the next call tells.
   */
  private void leave() {
    for (int attempt = 1; attempt <= 2; attempt++) {
      try {
        driver.ctxPopCurrent();
        return;
      } catch (CudaException e) {
        // Tried twice: what stays current would be found by whatever runs on this thread next.
        note(e);
        if (lost == null && attempt == 2) {
          System.getLogger(CudaContext.class.getName())
              .log(System.Logger.Level.WARNING, e.getMessage());
        }
      }
    }
  }

  /**
   * What a failure of cuFFT or cuBLAS comes from: on a lost device it only says that something went
   * wrong inside, and any call of the driver says what.
   */
  private RuntimeException diagnosed(NativeCallException failure) {
    try {
      driver.memGetInfo();
      return failure;
    } catch (CudaException found) {
      if (!found.isSticky()) {
        return failure;
      }
      found.addSuppressed(failure);
      return found;
    }
  }

  /**
   * Refuses after the end.
   *
   * @throws EngineClosedException after {@link #close}
   * @throws DeviceLostException after a failure that the device does not recover from
   */
  public void requireUsable() {
    if (closed) {
      throw closedException();
    }
    CudaException failure = lost;
    if (failure != null) {
      throw new DeviceLostException(
          "%s is lost since %s; close the engine and start a new process"
              .formatted(device.engineName(), failure.getMessage()),
          failure);
    }
  }

  /** What a call is refused with after the end. */
  EngineClosedException closedException() {
    return new EngineClosedException("the engine on " + device.engineName() + " is closed");
  }

  /** Whether this thread is in a call, which a close would wait for. */
  public boolean isInside() {
    return lifetime.getReadHoldCount() > 0;
  }

  /** Counts device memory that was allocated, or with a minus freed, in this context. */
  public void countAllocated(long bytes) {
    allocatedBytes.addAndGet(bytes);
  }

  /**
   * Runs a release. A lost device has released everything already, and nobody can act on the error
   * of a release, so that is only remembered.
   *
   * @return whether it was done
   */
  public boolean quietly(Runnable release) {
    if (lost != null) {
      return false;
    }
    try {
      run(release);
      return true;
    } catch (CudaException e) {
      note(e);
      System.Logger.Level level =
          lost == null ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG;
      System.getLogger(CudaContext.class.getName()).log(level, e.getMessage());
      return false;
    } catch (EngineClosedException e) {
      // The context went first and took this with it.
      return false;
    }
  }

  /** Gives something back as {@link #quietly} does; if that fails, once more when this closes. */
  public void release(Runnable release) {
    if (!quietly(release) && lost == null) {
      refused.add(release);
    }
  }

  private void releaseRefused() {
    if (lost != null || refused.isEmpty()) {
      return;
    }
    onPlatformThread(
        () -> {
          tryAgain(
              () -> {
                driver.ctxPushCurrent(handle);
                refused.forEach(this::tryAgain);
                leave();
              });
          return Boolean.TRUE;
        });
    refused.clear();
  }

  private void tryAgain(Runnable release) {
    try {
      release.run();
    } catch (CudaException e) {
      note(e);
      System.getLogger(CudaContext.class.getName())
          .log(System.Logger.Level.WARNING, "not given back: {0}", e.getMessage());
    }
  }

  /** Whether the device or the context is beyond use from now on. */
  private void note(CudaException e) {
    if (e.isSticky() && lost == null) {
      lost = e;
    }
  }

  @Override
  public void close() {
    lifetime.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      try {
        releaseRefused();
        driver.devicePrimaryCtxRelease(device.handle());
      } catch (CudaException e) {
        if (lost == null) {
          throw e;
        }
      }
    } finally {
      threads.close();
      lifetime.writeLock().unlock();
    }
  }
}
