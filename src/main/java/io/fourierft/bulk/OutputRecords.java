package io.fourierft.bulk;

import io.fourierft.bulk.OutputRecord.FileRecord;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.Sha256;
import io.fourierft.merge.MergeOptions;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Makes the {@link OutputRecord records} of a job's outputs, and compares with those of earlier
 * ones. Safe for any number of threads.
 */
public final class OutputRecords {
  private final String settings;
  private final String base;

  private OutputRecords(String settings, String base) {
    this.settings = settings;
    this.base = base;
  }

  /**
   * Of ΔWs, which take names, types and shapes of a base, and what its {@code config.json} says.
   *
   * @throws IOException if the base cannot be read
   */
  public static OutputRecords ofDeltas(OpenBase base, ResolveOptions options) throws IOException {
    MessageDigest digest = Sha256.digest();
    for (SafetensorsCheckpoint.Location location : base.checkpoint().tensors().values()) {
      update(digest, location.tensor().name());
      update(digest, location.tensor().dtype() + " " + location.tensor().shape());
    }
    for (Path file : base.files()) {
      if (InputFile.name(file).equals("config.json")) {
        update(digest, Sha256.ofFile(file));
      }
    }
    return new OutputRecords("delta 1 " + options, "headers " + hex(digest));
  }

  /**
   * Of merged models, which take all of a base: its files, by size and time.
   *
   * @throws IOException if the base cannot be looked at
   */
  public static OutputRecords ofModels(OpenBase base, MergeOptions options) throws IOException {
    MessageDigest digest = Sha256.digest();
    for (Path file : base.files()) {
      FileStamp stamp = FileStamp.of(file);
      update(digest, InputFile.name(file));
      update(digest, stamp.sizeInBytes() + " " + stamp.modified());
    }
    return new OutputRecords("merge 1 " + options.withOverwrite(false), "files " + hex(digest));
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * The record of what is made from a set as it is now, without the output's files.
   *
   * @throws IOException if an adapter's file cannot be read
   */
  public OutputRecord of(AdapterSet set) throws IOException {
    return of(set.name(), stamps(set), List.of());
  }

  /** The same of files that were looked at before. */
  OutputRecord of(String name, List<FileStamp> inputs, List<FileRecord> outputs)
      throws IOException {
    List<FileRecord> records = new ArrayList<>();
    for (FileStamp stamp : inputs) {
      records.add(record(stamp, stamp.path().toString(), Sha256.ofFile(stamp.path())));
    }
    return new OutputRecord(name, settings, base, records, outputs);
  }

  /** The record of an output's file, under the name that it will have. */
  static FileRecord ofOutput(Path file, String name) throws IOException {
    return record(FileStamp.of(file), name, "");
  }

  private static FileRecord record(FileStamp stamp, String path, String hash) {
    return new FileRecord(path, stamp.sizeInBytes(), stamp.modified().toString(), hash);
  }

  /** The files of a set's adapters, as they are now. */
  static List<FileStamp> stamps(AdapterSet set) throws IOException {
    List<FileStamp> stamps = new ArrayList<>();
    for (Path adapter : set.adapters()) {
      for (String name : List.of(FourierFtConfig.FILE_NAME, PeftAdapter.FILE_NAME)) {
        Path file = adapter.resolve(name);
        if (InputFile.isThere(file)) {
          stamps.add(FileStamp.of(file));
        }
      }
    }
    return stamps;
  }

  /**
   * Whether a record is of these files: by size and time, and failing that, by hash; and of the
   * same job.
   */
  boolean isUnchanged(OutputRecord record, List<FileStamp> stamps) throws IOException {
    if (!record.settings().equals(settings)
        || !record.base().equals(base)
        || stamps.size() != record.inputs().size()) {
      return false;
    }
    for (int i = 0; i < stamps.size(); i++) {
      FileStamp stamp = stamps.get(i);
      FileRecord file = record.inputs().get(i);
      boolean same =
          stamp.sizeInBytes() == file.size()
              && ((stamp.path().toString().equals(file.path())
                      && stamp.modified().toString().equals(file.modified()))
                  || Sha256.ofFile(stamp.path()).equals(file.sha256()));
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** Whether an output's files are there as they were written. */
  static boolean areThere(Path folder, List<FileRecord> records) throws IOException {
    for (FileRecord record : records) {
      try {
        FileStamp stamp = FileStamp.of(InputFile.resolve(folder, record.path()));
        if (stamp.sizeInBytes() != record.size()
            || !stamp.modified().toString().equals(record.modified())) {
          return false;
        }
      } catch (NoSuchFileException e) {
        return false;
      }
    }
    return !records.isEmpty();
  }
}
