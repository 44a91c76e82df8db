package io.fourierft.internal.files;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The outputs that one process is writing or clearing away, by their ids. A lock on a file belongs
 * to a process and is lost when any channel on that file is closed, so no thread may open the lock
 * file of another: it asks here instead. Safe for any number of threads.
 */
final class OpenOutputs {
  /** Those of this process; only tests, which play several processes, have others. */
  static final OpenOutputs OF_THIS_PROCESS = new OpenOutputs();

  private final Set<String> ids = ConcurrentHashMap.newKeySet();

  /** Whether the id was free; it is taken now. */
  boolean add(String id) {
    return ids.add(id);
  }

  void remove(String id) {
    ids.remove(id);
  }
}
