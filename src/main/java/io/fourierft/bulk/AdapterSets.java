package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import io.fourierft.peft.FourierFtConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds the adapters of a job: in a folder, or by a list. */
public final class AdapterSets {
  private static final int LONGEST_LIST = 256 << 20;

  private AdapterSets() {}

  /**
   * The adapters that a folder holds, or those that a text file lists.
   *
   * @throws FourierException as {@link #inFolder} and {@link #listed}
   * @throws IOException if it is missing or cannot be read
   */
  public static List<AdapterSet> find(Path folderOrList) throws IOException {
    return InputFile.isFolder(folderOrList) ? inFolder(folderOrList) : listed(folderOrList);
  }

  /**
   * Each folder in {@code folder} that has an {@code adapter_config.json}, sorted by name.
   *
   * @throws FourierException if there is none
   * @throws IOException if the folder cannot be read
   */
  public static List<AdapterSet> inFolder(Path folder) throws IOException {
    List<AdapterSet> found = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
      for (Path child : children) {
        if (holdsAdapter(child)) {
          found.add(new AdapterSet(InputFile.name(child), List.of(child)));
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    if (found.isEmpty()) {
      throw new FourierException(
          holdsAdapter(folder)
              ? folder + " is an adapter itself; give the folder that it lies in"
              : folder + " holds no folder with an adapter_config.json");
    }
    found.sort(Comparator.comparing(AdapterSet::name));
    return found;
  }

  private static boolean holdsAdapter(Path folder) throws IOException {
    return InputFile.isFolder(folder)
        && InputFile.isThere(folder.resolve(FourierFtConfig.FILE_NAME));
  }

  /**
   * The adapters of a text file in UTF-8, one set a line: the path of an adapter, which is called
   * as its folder is; or a name and one or more paths, with tabs between. Paths that are not
   * absolute start at the working directory. Empty lines and those that begin with {@code #} are
   * passed over.
   *
   * @throws FourierException if the file lists none, or a line is none of this
   * @throws IOException if it is missing or cannot be read
   */
  public static List<AdapterSet> listed(Path list) throws IOException {
    List<AdapterSet> found = new ArrayList<>();
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(InputFile.read(list, LONGEST_LIST)))
              .toString();
    } catch (CharacterCodingException e) {
      throw new FourierException(list + " is no list of adapters: it is not UTF-8 text", e);
    }
    int number = 0;
    for (String line : text.split("\\R", -1)) {
      number++;
      if (!line.isBlank() && !line.startsWith("#")) {
        try {
          found.add(set(line));
        } catch (FourierException | InvalidPathException e) {
          throw new FourierException("%s, line %d: %s".formatted(list, number, e.getMessage()), e);
        }
      }
    }
    if (found.isEmpty()) {
      throw new FourierException(list + " lists no adapter; give one path a line");
    }
    return found;
  }

  private static AdapterSet set(String line) {
    List<String> fields = Arrays.stream(line.split("\t", -1)).map(String::strip).toList();
    return fields.size() == 1
        ? AdapterSet.of(Path.of(fields.getFirst()))
        : new AdapterSet(fields.getFirst(), fields.stream().skip(1).map(Path::of).toList());
  }

  /**
   * Refuses sets of one name, whose outputs would be one.
   *
   * @throws FourierException naming two of them, or if there is none at all
   */
  public static void requireDistinct(Collection<AdapterSet> sets) {
    if (sets.isEmpty()) {
      throw new FourierException("no adapter was given; give at least one");
    }
    Map<String, AdapterSet> byName = HashMap.newHashMap(sets.size());
    for (AdapterSet set : sets) {
      AdapterSet other = byName.putIfAbsent(set.name(), set);
      if (other != null) {
        throw new FourierException(
            ("two adapters are called '%s', %s and %s, and would have one output; give one of them"
                    + " another name in a list (NAME, a tab, PATH)")
                .formatted(set.name(), other.adapters(), set.adapters()));
      }
    }
  }
}
