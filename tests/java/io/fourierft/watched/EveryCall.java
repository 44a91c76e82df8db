package io.fourierft.watched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Does some work that writes {@code out} in a folder, once for each call that it makes of the file
 * system, with something wrong at that call.
 */
public final class EveryCall {
  private static final String OUT = "out";
  private static final String HIDDEN = ".out.fourierft-";

  private final Path folder;
  private final Preparation preparation;
  private final Work work;

  /** Prepares the state that the work begins with. */
  public interface Preparation {
    void run() throws IOException;
  }

  /** Something that reads and writes files. */
  public interface Work {
    void run(WatchedFileSystem system) throws IOException;
  }

  /** Work that begins in an empty folder, once it is prepared. */
  public EveryCall(Path folder, Preparation preparation, Work work) {
    this.folder = folder;
    this.preparation = preparation;
    this.work = work;
  }

  /**
   * That call fails: the work ends well or with an error of ours or the system's, its output is the
   * old one or the new one, and the next run leaves nothing but that.
   */
  public void fails() throws IOException {
    prepare();
    Map<String, String> old = contents();
    FailingCall none = new FailingCall(0);
    work.run(new WatchedFileSystem(none));
    Map<String, String> whole = contents();
    assertTrue(none.calls() > 20, "watched: " + none.calls());
    for (int fault = 1; fault <= none.calls(); fault++) {
      prepare();
      FailingCall watcher = new FailingCall(fault);
      boolean done = succeeds(watcher);
      Map<String, String> left = contents();
      left.keySet().removeIf(name -> name.startsWith(HIDDEN));
      assertTrue(
          left.equals(done ? whole : old), watcher + ", done " + done + ": " + left.keySet());
      prepareAgain(done);
      work.run(new WatchedFileSystem(new FailingCall(0)));
      assertTrue(whole.equals(contents()), watcher + ", the next run: " + contents().keySet());
    }
  }

  /**
   * That call is delayed until the same work has been done by another: where the output may be
   * replaced both succeed, else one does; the output is whole, and nothing is left beside it.
   */
  public void isDelayed(boolean replaces) throws IOException {
    prepare();
    FailingCall none = new FailingCall(0);
    work.run(new WatchedFileSystem(none));
    Map<String, String> whole = contents();
    for (int delay = 1; delay <= none.calls(); delay++) {
      prepare();
      List<Boolean> ends = Collections.synchronizedList(new ArrayList<>());
      DelayedCall watcher = new DelayedCall(delay, () -> ends.add(succeeds(new FailingCall(0))));
      ends.add(succeeds(watcher));
      assertEquals(2, ends.size(), watcher + ": the other failed");
      assertEquals(replaces ? 2 : 1, Collections.frequency(ends, true), watcher + ": " + ends);
      assertTrue(whole.equals(contents()), watcher + " left " + contents().keySet());
    }
  }

  private boolean succeeds(FileWatcher watcher) {
    try {
      work.run(new WatchedFileSystem(watcher));
      return true;
    } catch (IOException | FourierException e) {
      if (String.valueOf(e.getMessage()).length() < 10) {
        fail(watcher + ": " + e, e);
      }
      return false;
    } catch (RuntimeException e) {
      throw new AssertionError(watcher.toString(), e);
    }
  }

  private void prepare() throws IOException {
    if (Files.exists(folder)) {
      ModelFiles.delete(folder);
    }
    Files.createDirectory(folder);
    preparation.run();
  }

  /** What was written goes, so that the next run may write it; what else was left stays. */
  private void prepareAgain(boolean done) throws IOException {
    Path out = folder.resolve(OUT);
    if (done && Files.exists(out)) {
      ModelFiles.delete(out);
      preparation.run();
    }
  }

  /** Every file's bytes, by its path. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        contents.put(
            folder.relativize(path).toString(), HexFormat.of().formatHex(Files.readAllBytes(path)));
      }
    }
    return contents;
  }
}
