package io.fourierft.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads that work on numbered tasks. The calling thread takes part, so that a
 * pool of one thread starts none. Calls from many threads at once share the workers. In steady
 * state a call allocates nothing.
 *
 * <p>To wake a thread takes as long as to compute a small ΔW. So a worker looks out for the next
 * call for a while before it sleeps, and a caller for the end of its own, where the machine has a
 * processor for each.
 */
final class WorkerPool implements AutoCloseable {
  /** Numbered pieces of work, independent of each other. */
  interface Tasks {
    /** Does task {@code index} with scratch memory that no other thread uses meanwhile. */
    void run(int index, Workspace workspace);
  }

  /** How often a thread looks before it sleeps: some 50 to 200 µs. */
  private static final int LOOKS = 1 << 12;

  private final Supplier<Workspace> workspaceFactory;
  private final Thread[] workers;
  private final int looks;

  /** Whether a job waits for workers, or the end; written with the lock. */
  private volatile boolean called;

  // Guarded by this.
  private final ArrayDeque<Job> waiting = new ArrayDeque<>();
  private final ArrayDeque<Job> idleJobs = new ArrayDeque<>();
  private final ArrayDeque<Workspace> idleWorkspaces = new ArrayDeque<>();
  private boolean closed;

  /**
   * Starts the workers.
   *
   * @param threads threads that compute, the caller's included
   */
  WorkerPool(int threads, Supplier<Workspace> workspaceFactory) {
    this.workspaceFactory = workspaceFactory;
    this.workers = new Thread[threads - 1];
    this.looks = threads <= Runtime.getRuntime().availableProcessors() ? LOOKS : 0;
    for (int i = 0; i < workers.length; i++) {
      workers[i] =
          Thread.ofPlatform()
              .daemon()
              .name("fourierft-cpu-" + (i + 1))
              .start(this::workUntilClosed);
    }
  }

  /** Whether the workers may touch a memory segment. */
  boolean canReach(MemorySegment segment) {
    return workers.length == 0 || segment.isAccessibleBy(workers[0]);
  }

  /** Threads that compute, the caller's included. */
  int threads() {
    return workers.length + 1;
  }

  /**
   * Runs tasks {@code 0 .. count - 1} and returns when all are done. The first failure of any of
   * them stops the rest and is thrown here.
   *
   * @param grain tasks that are worth waking a thread for
   * @param shared whether other threads may work on them; else the caller does them all
   */
  void run(int count, int grain, boolean shared, Tasks tasks) {
    run(count, grain, shared ? threads() : 1, tasks);
  }

  /**
   * The same on at most so many threads.
   *
   * @param most threads that may work on them, the caller's included
   */
  void run(int count, int grain, int most, Tasks tasks) {
    if (count == 0) {
      return;
    }
    int helpers = Math.min(Math.min(workers.length, most - 1), (count - 1) / grain);
    Workspace workspace = borrowWorkspace();
    Job job = start(tasks, count, helpers);
    job.work(workspace);
    letNobodyJoin(job, workspace);
    for (int i = 0; i < looks && !job.getAsBoolean(); i++) {
      Thread.onSpinWait();
    }
    Throwable failure = finish(job);
    if (failure != null) {
      switch (failure) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        default -> throw new IllegalStateException(failure);
      }
    }
  }

  private synchronized Job start(Tasks tasks, int count, int helpers) {
    Job job = idleJobs.isEmpty() ? new Job() : idleJobs.pop();
    job.begin(tasks, count, helpers);
    if (helpers > 0) {
      waiting.add(job);
      called = true;
      notifyAll();
    }
    return job;
  }

  private synchronized void letNobodyJoin(Job job, Workspace workspace) {
    idleWorkspaces.push(workspace);
    if (job.places > 0) {
      job.places = 0;
      waiting.remove(job);
      called = !waiting.isEmpty();
    }
  }

  private synchronized @Nullable Throwable finish(Job job) {
    // The workers still use the caller's memory.
    PatientWait.until(this, job);
    Throwable failure = job.end();
    idleJobs.push(job);
    return failure;
  }

  private synchronized Workspace borrowWorkspace() {
    return idleWorkspaces.isEmpty() ? workspaceFactory.get() : idleWorkspaces.pop();
  }

  private void workUntilClosed() {
    Workspace workspace = borrowWorkspace();
    for (Job job = nextJob(); job != null; job = nextJob()) {
      job.work(workspace);
      leave(job);
    }
  }

  private @Nullable Job nextJob() {
    for (int i = 0; i < looks && !called; i++) {
      Thread.onSpinWait();
    }
    return takeJob();
  }

  private synchronized @Nullable Job takeJob() {
    while (waiting.isEmpty()) {
      if (closed) {
        return null;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody but close() ends a worker.
      }
    }
    Job job = waiting.element();
    job.helping++;
    if (--job.places == 0) {
      waiting.remove();
      called = !waiting.isEmpty();
    }
    return job;
  }

  private synchronized void leave(Job job) {
    if (--job.helping == 0) {
      notifyAll();
    }
  }

  /** Ends the workers and waits for them; no call may be running. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      called = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    synchronized (this) {
      idleWorkspaces.clear();
      idleJobs.clear();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** One call of {@link #run}; true once no worker is in it. */
  private static final class Job implements BooleanSupplier {
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private @Nullable Tasks tasks;
    private int count;
    // Written with the pool's lock: workers that may still join, and workers that are in it.
    private int places;
    private volatile int helping;

    void begin(Tasks newTasks, int newCount, int helpers) {
      tasks = newTasks;
      count = newCount;
      places = helpers;
      next.set(0);
    }

    void work(Workspace workspace) {
      Tasks mine = tasks;
      if (mine == null) {
        throw new IllegalStateException("a job was worked on before it began");
      }
      try {
        for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
          mine.run(i, workspace);
        }
      } catch (Throwable e) {
        Throwable first = failure.compareAndExchange(null, e);
        if (first != null && !first.equals(e)) {
          first.addSuppressed(e);
        }
        next.set(count);
      }
    }

    @Override
    public boolean getAsBoolean() {
      return helping == 0;
    }

    @Nullable Throwable end() {
      tasks = null;
      return failure.getAndSet(null);
    }
  }
}
