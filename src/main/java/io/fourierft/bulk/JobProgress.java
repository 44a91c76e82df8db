package io.fourierft.bulk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far a running job has come, and what ends it. Used by all threads of the job. */
final class JobProgress {
  private final BulkListener listener;
  private final boolean keepGoing;
  private final List<PlannedOutput> planned;
  private final long bytesTotal;
  private final Map<String, BulkOutcome> outcomes = new HashMap<>();
  private long bytesDone;
  private @Nullable Throwable end;
  private volatile boolean stopped;
  private volatile boolean cancelled;

  JobProgress(List<PlannedOutput> planned, boolean keepGoing, BulkListener listener) {
    this.planned = planned;
    this.keepGoing = keepGoing;
    this.listener = listener;
    this.bytesTotal = planned.stream().mapToLong(output -> output.size().bytes()).sum();
  }

  /** Tells the listener what the plan had settled. */
  synchronized void begin() {
    for (PlannedOutput output : planned) {
      if (output.settled() != null) {
        settle(output.settled());
      }
    }
  }

  /** Those that are to be written. */
  List<PlannedOutput> open() {
    return planned.stream().filter(output -> output.settled() == null).toList();
  }

  void cancel() {
    cancelled = true;
    stopped = true;
  }

  /** Whether nothing more is to be begun. */
  boolean isStopped() {
    return stopped;
  }

  /** Counts bytes that were written. */
  synchronized void wrote(long bytes) {
    bytesDone += bytes;
    try {
      listener.progressed(bytesDone, bytesTotal);
    } catch (RuntimeException | Error e) {
      stop(e);
    }
  }

  /** Settles one adapter; its failure ends the job unless that goes on. */
  synchronized void settle(BulkOutcome outcome) {
    outcomes.put(outcome.name(), outcome);
    if (outcome.failure() != null && !keepGoing) {
      stop(Planner.failure(outcome, 1, planned.size()));
    }
    try {
      listener.finished(outcome, outcomes.size(), planned.size());
    } catch (RuntimeException | Error e) {
      stop(e);
    }
  }

  /** Ends the job: what is begun is ended, nothing else is begun, and this is thrown. */
  synchronized void stop(Throwable reason) {
    if (end == null) {
      end = reason;
    }
    stopped = true;
  }

  /** The result, once all threads have ended. */
  synchronized BulkResult result() throws IOException {
    switch (end) {
      case null -> {}
      case IOException io -> throw io;
      case RuntimeException runtime -> throw runtime;
      case Error error -> throw error;
      default -> throw new IllegalStateException(end);
    }
    List<BulkOutcome> ordered = new ArrayList<>();
    for (PlannedOutput output : planned) {
      BulkOutcome outcome = outcomes.get(output.set().name());
      if (outcome != null) {
        ordered.add(outcome);
      }
    }
    return new BulkResult(ordered, cancelled && ordered.size() < planned.size());
  }
}
