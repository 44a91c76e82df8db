package io.fourierft.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.fourierft.FourierException;
import io.fourierft.MemoryFolder;
import io.fourierft.ModelFiles;
import io.fourierft.internal.files.ffm.RenameExchange;
import io.fourierft.watched.ControlledThreads;
import io.fourierft.watched.FileWatcher;
import io.fourierft.watched.WatchedFileSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The protocol of {@link OutputDirectory} under schedules that are chosen, at every call of the
 * file system: runs that are stopped while others pass, that are killed, and that alternate in
 * every way that two changes of turn allow, or at random.
 */
class OutputProtocolTest {
  private static final FolderKind MODEL = new FolderKind("a model", "*.safetensors", Set.of());
  private static final FolderKind ADAPTER =
      new FolderKind("an adapter", "*.safetensors", Set.of("model.safetensors", "config.json"));
  private static final List<String> FILES = List.of("config.json", "model.safetensors");

  /** What the runs write, and onto what. */
  enum Situation {
    NEW_FOLDER(MODEL, false, true, true),
    REPLACED_BY_EXCHANGE(MODEL, true, true, true),
    REPLACED_IN_TWO_STEPS(MODEL, true, false, true),
    ADAPTER_WITH_FILES_THAT_STAY(ADAPTER, true, true, true),
    ADAPTER_IN_TWO_STEPS(ADAPTER, true, false, true),
    WITHOUT_LOCKS(MODEL, true, false, false);

    final FolderKind kind;
    final boolean replaces;
    final boolean exchanges;
    final boolean locks;

    Situation(FolderKind kind, boolean replaces, boolean exchanges, boolean locks) {
      this.kind = kind;
      this.replaces = replaces;
      this.exchanges = exchanges;
      this.locks = locks;
    }
  }

  /** The end of a run; one that was killed is not asked. */
  enum End {
    DONE,
    REFUSED,
    FAILED,
    KILLED
  }

  /** What ends a process that a test plays; every further call of that process meets it as well. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** Times as many schedules, for a longer search. */
  private static final int EFFORT = Integer.getInteger("fourierft.search", 1);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private volatile Exception failure;

  private static final RenameExchange EXCHANGE = RenameExchange.find().orElse(null);

  private static boolean exchange(Path first, Path second) {
    return EXCHANGE != null
        && EXCHANGE.exchange(Path.of(first.toString()), Path.of(second.toString()));
  }

  /** Runs once, as a process or a thread of one. */
  private End run(
      Situation situation, WatchedFileSystem system, OpenOutputs process, String content) {
    Path target = system.watch(folder.resolve("out"));
    try (OutputDirectory output =
        OutputDirectory.create(
            target,
            situation.replaces,
            situation.kind,
            process,
            situation.exchanges ? OutputProtocolTest::exchange : (first, second) -> false)) {
      for (String file : FILES) {
        Files.writeString(output.path().resolve(file), content);
      }
      output.commit();
      return End.DONE;
    } catch (FourierException e) {
      return End.REFUSED;
    } catch (IOException e) {
      failure = e;
      return End.FAILED;
    } catch (Killed e) {
      return End.KILLED;
    }
  }

  private static FileWatcher lockless(Situation situation, FileWatcher watcher) {
    return (operation, path) -> {
      watcher.before(operation, path);
      if (operation.equals("lock") && !situation.locks) {
        throw new IOException("No locks available");
      }
    };
  }

  private void prepare(Situation situation) throws IOException {
    ModelFiles.delete(folder);
    Files.createDirectories(folder);
    if (situation.replaces) {
      Path target = Files.createDirectory(folder.resolve("out"));
      for (String file : FILES) {
        Files.writeString(target.resolve(file), "old");
      }
      if (situation.kind.equals(ADAPTER)) {
        Files.writeString(target.resolve("README.md"), "mine");
        Files.createDirectory(target.resolve("notes"));
        Files.writeString(target.resolve("notes").resolve("a.txt"), "mine too");
      }
    }
  }

  /** The content of the one whole output. */
  private String content(Situation situation) throws IOException {
    Path target = folder.resolve("out");
    List<String> names = new ArrayList<>(FILES);
    if (situation.kind.equals(ADAPTER)) {
      names.add("README.md");
      names.add("notes");
      assertEquals("mine", Files.readString(target.resolve("README.md")));
      assertEquals("mine too", Files.readString(target.resolve("notes").resolve("a.txt")));
    }
    assertEquals(names.stream().sorted().toList(), ModelFiles.names(target));
    Set<String> contents =
        FILES.stream()
            .map(
                file -> {
                  try {
                    return Files.readString(target.resolve(file));
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                })
            .collect(Collectors.toSet());
    assertEquals(1, contents.size(), "one run's files: " + contents);
    return contents.iterator().next();
  }

  private End[] schedule(
      Situation situation, int runs, boolean oneProcess, ControlledThreads.Policy policy)
      throws Exception {
    prepare(situation);
    ControlledThreads threads = new ControlledThreads(policy);
    FileWatcher watcher = lockless(situation, (operation, path) -> threads.step());
    WatchedFileSystem shared = new WatchedFileSystem(watcher);
    OpenOutputs process = new OpenOutputs();
    End[] ends = new End[runs];
    List<Runnable> tasks = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      int number = i;
      WatchedFileSystem system = oneProcess ? shared : new WatchedFileSystem(watcher);
      OpenOutputs own = oneProcess ? process : new OpenOutputs();
      tasks.add(() -> ends[number] = run(situation, system, own, "run " + number));
    }
    threads.run(tasks);
    return ends;
  }

  private void check(Situation situation, End[] ends, String schedule) throws IOException {
    String context = situation + ", " + schedule + ": " + Arrays.toString(ends);
    List<Integer> done = new ArrayList<>();
    for (int i = 0; i < ends.length; i++) {
      if (ends[i] == End.DONE) {
        done.add(i);
      } else if (ends[i] != End.REFUSED || situation.replaces) {
        fail(context, failure);
      }
    }
    if (!situation.replaces) {
      assertEquals(1, done.size(), context);
    }
    try {
      String content = content(situation);
      assertTrue(done.stream().anyMatch(i -> content.equals("run " + i)), context + content);
      assertEquals(List.of("out"), ModelFiles.names(folder), context);
    } catch (AssertionError e) {
      throw new AssertionError(context + ": " + e.getMessage(), e);
    }
  }

  private int stepsOfOneRun(Situation situation) throws Exception {
    int[] most = {0};
    schedule(
        situation,
        1,
        true,
        (current, step, alive) -> {
          most[0] = step;
          return 0;
        });
    return most[0];
  }

  @ParameterizedTest
  @EnumSource(Situation.class)
  void aRunThatIsStoppedAnywhereLetsAnotherPassAndEndsWell(Situation situation) throws Exception {
    int steps = stepsOfOneRun(situation);
    assertTrue(steps > 15, "watched: " + steps);
    for (boolean oneProcess : new boolean[] {false, true}) {
      for (int stop = 1; stop <= steps; stop++) {
        int at = stop;
        End[] ends =
            schedule(
                situation,
                2,
                oneProcess,
                (current, step, alive) ->
                    alive.size() == 1 ? alive.getFirst() : current == 0 && step < at ? 0 : 1);
        check(situation, ends, "stopped at call " + stop + (oneProcess ? " of a thread" : ""));
      }
    }
  }

  /**
   * The first goes to its call i, the second to its call j, then the first ends, then the other.
   */
  @ParameterizedTest
  @EnumSource(Situation.class)
  void twoRunsThatTakeTurnsEndWell(Situation situation) throws Exception {
    int steps = stepsOfOneRun(situation);
    for (int first = 1; first <= steps; first++) {
      for (int second = 1;
          second <= steps;
          second += 1 + (first + second) % Math.max(1, 48 / EFFORT)) {
        int i = first;
        int j = second;
        boolean[] back = {false};
        End[] ends =
            schedule(
                situation,
                2,
                (first + second) % 2 == 0,
                (current, step, alive) -> {
                  if (alive.size() == 1) {
                    return alive.getFirst();
                  }
                  if (current == 0) {
                    return step < i || back[0] ? 0 : 1;
                  }
                  back[0] |= step >= j;
                  return back[0] ? 0 : 1;
                });
        check(situation, ends, "turns at calls " + i + " and " + j);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Situation.class)
  void manyRunsThatAlternateAtRandomEndWell(Situation situation) throws Exception {
    for (long seed = 0; seed < 20L * EFFORT; seed++) {
      Random random = new Random(seed);
      int runs = 2 + random.nextInt(4);
      // Some schedules change turn at nearly every call, some seldom.
      double change = random.nextBoolean() ? 0.9 : 0.05;
      End[] ends =
          schedule(
              situation,
              runs,
              random.nextBoolean(),
              (current, step, alive) ->
                  alive.contains(current) && random.nextDouble() >= change
                      ? current
                      : alive.get(random.nextInt(alive.size())));
      check(situation, ends, "seed " + seed);
    }
  }

  /** Killed at each call in turn: the name stands for a whole output or, for a moment, nothing. */
  @ParameterizedTest
  @EnumSource(Situation.class)
  void whatAKilledRunLeavesIsClearedAwayByTheNext(Situation situation) throws Exception {
    int steps = stepsOfOneRun(situation);
    for (int kill = 1; kill <= steps; kill++) {
      prepare(situation);
      String context = situation + ", killed at call " + kill;
      int[] calls = {0};
      int at = kill;
      WatchedFileSystem dying =
          new WatchedFileSystem(
              lockless(
                  situation,
                  (operation, path) -> {
                    if (++calls[0] >= at) {
                      throw new Killed();
                    }
                  }));
      End end = run(situation, dying, new OpenOutputs(), "killed");
      dying.closeChannels();
      boolean there = Files.exists(folder.resolve("out"));
      if (there) {
        String content = content(situation);
        assertTrue(content.equals("killed") || (content.equals("old") && situation.replaces));
      } else {
        assertTrue(!situation.replaces || !situation.exchanges, context);
      }
      assertTrue(end == End.KILLED || end == End.DONE, context + end);
      boolean finished = there && content(situation).equals("killed");
      End next =
          run(
              situation,
              new WatchedFileSystem(lockless(situation, FileWatcher.NONE)),
              new OpenOutputs(),
              "next");
      assertEquals(!situation.replaces && finished ? End.REFUSED : End.DONE, next, context);
      assertEquals(
          !situation.replaces && finished ? "killed" : "next", content(situation), context);
      if (situation.locks) {
        assertEquals(List.of("out"), ModelFiles.names(folder), context);
      }
    }
  }

  /** One call after the other fails: the run is refused or done, never half done. */
  @ParameterizedTest
  @EnumSource(Situation.class)
  void aRunWhoseCallsFailLeavesTheOldOrTheNewOutput(Situation situation) throws Exception {
    int steps = stepsOfOneRun(situation);
    for (int fault = 1; fault <= steps; fault++) {
      prepare(situation);
      String context = situation + ", call " + fault + " failed";
      int[] calls = {0};
      int at = fault;
      WatchedFileSystem failing =
          new WatchedFileSystem(
              lockless(
                  situation,
                  (operation, path) -> {
                    if (++calls[0] == at) {
                      throw new java.nio.file.FileSystemException(
                          path.toString(), null, "Input/output error");
                    }
                  }));
      End end;
      try {
        end = run(situation, failing, new OpenOutputs(), "new");
      } finally {
        failing.closeChannels();
      }
      boolean there = Files.exists(folder.resolve("out"));
      assertEquals(situation.replaces || end == End.DONE, there, context + end);
      if (there) {
        assertEquals(end == End.DONE ? "new" : "old", content(situation), context + end);
      }
      End next =
          run(
              situation,
              new WatchedFileSystem(lockless(situation, FileWatcher.NONE)),
              new OpenOutputs(),
              "next");
      assertEquals(end == End.DONE && !situation.replaces ? End.REFUSED : End.DONE, next, context);
      if (situation.locks) {
        assertEquals(List.of("out"), ModelFiles.names(folder), context + end);
      }
    }
  }
}
