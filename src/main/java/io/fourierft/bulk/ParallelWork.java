package io.fourierft.bulk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/** Work on the elements of a list by as many threads as there are processors. */
final class ParallelWork {
  private ParallelWork() {}

  /** Threads that do not keep a process alive. */
  static ThreadFactory threads(String name) {
    return Thread.ofPlatform().daemon().name(name, 0).factory();
  }

  /**
   * The results for all elements, in their order. The first failure is thrown, when all have ended.
   */
  static <T, R> List<R> map(List<T> elements, Function<T, R> function) throws IOException {
    int most = Math.min(Runtime.getRuntime().availableProcessors(), elements.size());
    List<R> results = new ArrayList<>(elements.size());
    if (most <= 1) {
      for (T element : elements) {
        results.add(function.apply(element));
      }
      return results;
    }
    try (ExecutorService executor =
        Executors.newFixedThreadPool(most, threads("fourierft-bulk-"))) {
      List<Future<R>> futures = new ArrayList<>(elements.size());
      for (T element : elements) {
        futures.add(executor.submit(() -> function.apply(element)));
      }
      for (Future<R> future : futures) {
        results.add(get(future));
      }
    }
    return results;
  }

  /** A future's result, or its failure in the thread that asks. */
  static <R> R get(Future<R> future) throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          // What was begun is ended; the caller finds the thread interrupted afterwards.
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case IOException io -> throw io;
            case RuntimeException runtime -> throw runtime;
            case Error error -> throw error;
            case null, default -> throw new IllegalStateException(e);
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * What is done with an element.
   *
   * @param <T> the element
   * @param <R> the result
   */
  @FunctionalInterface
  interface Function<T, R> {
    R apply(T element) throws IOException;
  }
}
