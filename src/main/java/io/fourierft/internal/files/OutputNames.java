package io.fourierft.internal.files;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * The names that the runs of one target use beside it: {@code .<target>.fourierft-<id>.<state>}. An
 * id is drawn for each run and never used again.
 *
 * @param target where the output shall be, absolute
 * @param parent its folder
 * @param prefix what all these names begin with
 */
record OutputNames(Path target, Path parent, String prefix) {
  /** Held by the run for as long as anything else of its id is there. */
  static final String LOCK = "lock";

  /** The folder that is being filled. */
  static final String PARTIAL = "partial";

  /** What had the target's name, while nothing has it. */
  static final String REPLACED = "replaced";

  /** Of no value any more, and about to be deleted. */
  static final String DISCARDED = "discarded";

  private static final int LONGEST_LABEL = 100;
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1," + LONGEST_LABEL + "}");
  private static final Pattern ID_AND_STATE =
      Pattern.compile(
          "([0-9A-Za-z-]+)\\.("
              + LOCK
              + "|"
              + PARTIAL
              + "|"
              + REPLACED
              + "|"
              + DISCARDED
              + "-[0-9a-f]+)");

  /**
   * The names beside a target.
   *
   * @throws FourierException if it is the root of a file system
   */
  static OutputNames of(Path target) {
    Path parent = target.getParent();
    Path name = target.getFileName();
    if (parent == null || name == null) {
      throw new FourierException(target + " cannot be an output; name one below it");
    }
    return new OutputNames(target, parent, "." + label(target, name.toString()) + ".fourierft-");
  }

  static String newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return hex(random.nextLong()) + hex(random.nextLong());
  }

  /** The path of an id in a state. */
  Path path(String id, String state) {
    return parent.resolve(prefix + id + "." + state);
  }

  /** A path of that id to move something to that is to be deleted. */
  Path discarded(String id) {
    return path(id, DISCARDED + "-" + hex(ThreadLocalRandom.current().nextLong()));
  }

  /** The ids of which anything is there. */
  Iterable<String> ids() throws IOException {
    TreeSet<String> ids = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, this::isOurs)) {
      for (Path entry : entries) {
        Matcher matcher = ID_AND_STATE.matcher(rest(entry));
        if (matcher.matches()) {
          ids.add(matcher.group(1));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return ids;
  }

  /** What of an id is about to be deleted. */
  Iterable<Path> discardedOf(String id) throws IOException {
    TreeSet<Path> found = new TreeSet<>();
    String start = id + "." + DISCARDED + "-";
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(parent, entry -> isOurs(entry) && rest(entry).startsWith(start))) {
      entries.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  private boolean isOurs(Path entry) {
    return String.valueOf(entry.getFileName()).startsWith(prefix);
  }

  private String rest(Path entry) {
    return String.valueOf(entry.getFileName()).substring(prefix.length());
  }

  private static String hex(long bits) {
    return String.format(Locale.ROOT, "%016x", bits);
  }

  /**
   * The target's own name where it is plain and short. Another is cut, and told apart by a sum over
   * its bytes: a name may be as long as the system allows, or not be text in this locale.
   */
  private static String label(Path target, String name) {
    if (PLAIN.matcher(name).matches()) {
      return name;
    }
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
    CRC32 sum = new CRC32();
    sum.update(target.toUri().toString().replaceAll("/$", "").getBytes(StandardCharsets.UTF_8));
    return plain.substring(0, Math.min(plain.length(), LONGEST_LABEL / 2))
        + "-"
        + Long.toHexString(sum.getValue());
  }
}
