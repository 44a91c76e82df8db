package io.fourierft.watched;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs several tasks as threads of which one at a time is awake. At each {@link #step} of the
 * waking one a policy says who goes on, so that a schedule is what the policy makes it and happens
 * again when it decides again as it did.
 */
public final class ControlledThreads {
  /** Who goes on. */
  @FunctionalInterface
  public interface Policy {
    /**
     * Decides.
     *
     * @param current the task that has just made its {@code step}-th step, or has ended
     * @param step its number of steps so far, from 1
     * @param alive the tasks that have not ended, in their order; never empty
     */
    int next(int current, int step, List<Integer> alive);
  }

  private final Policy policy;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition turnChanged = lock.newCondition();
  private final List<Integer> alive = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private int[] steps = {};
  private int turn;

  public ControlledThreads(Policy policy) {
    this.policy = policy;
  }

  /** Runs the tasks to their end, the first one first. */
  public void run(List<Runnable> tasks) throws InterruptedException {
    steps = new int[tasks.size()];
    for (int i = 0; i < tasks.size(); i++) {
      int number = i;
      alive.add(i);
      threads.add(new Thread(() -> runOne(number, tasks.get(number)), "task-" + i));
    }
    turn = 0;
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** How many steps a task has made. */
  public int steps(int task) {
    return steps[task];
  }

  /** Called by a task where it may be made to wait; by any other thread, it does nothing. */
  public void step() {
    int me = threads.indexOf(Thread.currentThread());
    if (me < 0) {
      return;
    }
    lock.lock();
    try {
      steps[me]++;
      turn = policy.next(me, steps[me], List.copyOf(alive));
      turnChanged.signalAll();
      awaitTurn(me);
    } finally {
      lock.unlock();
    }
  }

  private void runOne(int me, Runnable task) {
    lock.lock();
    try {
      awaitTurn(me);
    } finally {
      lock.unlock();
    }
    try {
      task.run();
    } finally {
      lock.lock();
      try {
        alive.remove(Integer.valueOf(me));
        if (!alive.isEmpty()) {
          turn = policy.next(me, steps[me] + 1, List.copyOf(alive));
          turnChanged.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private void awaitTurn(int me) {
    while (turn != me) {
      turnChanged.awaitUninterruptibly();
    }
  }
}
