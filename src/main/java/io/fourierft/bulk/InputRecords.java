package io.fourierft.bulk;

import io.fourierft.bulk.Journal.FileRecord;
import io.fourierft.internal.files.FileStamp;
import io.fourierft.internal.files.InputFile;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What a job reads, recorded so that a later run can tell whether it has changed. */
final class InputRecords {
  private static final int PIECE_BYTES = 1 << 16;

  private InputRecords() {}

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

  /** Their records, with the hashes of their contents. */
  static List<FileRecord> of(List<FileStamp> stamps) throws IOException {
    List<FileRecord> records = new ArrayList<>();
    for (FileStamp stamp : stamps) {
      records.add(record(stamp, stamp.path().toString(), sha256(stamp.path())));
    }
    return records;
  }

  /** The record of an output's file, under the name that it will have. */
  static FileRecord ofOutput(Path file, String name) throws IOException {
    return record(FileStamp.of(file), name, "");
  }

  private static FileRecord record(FileStamp stamp, String path, String hash) {
    return new FileRecord(path, stamp.sizeInBytes(), stamp.modified().toString(), hash);
  }

  /** Whether the files are those of the records: by size and time, and failing that, by hash. */
  static boolean areUnchanged(List<FileStamp> stamps, List<FileRecord> records) throws IOException {
    if (stamps.size() != records.size()) {
      return false;
    }
    for (int i = 0; i < stamps.size(); i++) {
      FileStamp stamp = stamps.get(i);
      FileRecord record = records.get(i);
      boolean same =
          stamp.sizeInBytes() == record.size()
              && ((stamp.path().toString().equals(record.path())
                      && stamp.modified().toString().equals(record.modified()))
                  || sha256(stamp.path()).equals(record.sha256()));
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

  /** What a ΔW takes of a base: names, types and shapes, and what {@code config.json} says. */
  static String ofHeaders(OpenBase base) throws IOException {
    MessageDigest digest = digest();
    for (SafetensorsCheckpoint.Location location : base.checkpoint().tensors().values()) {
      update(digest, location.tensor().name());
      update(digest, location.tensor().dtype() + " " + location.tensor().shape());
    }
    for (Path file : base.files()) {
      if (InputFile.name(file).equals("config.json")) {
        update(digest, sha256(file));
      }
    }
    return "headers " + HexFormat.of().formatHex(digest.digest());
  }

  /** What a merge takes of a base: its files, by size and time. */
  static String ofFiles(OpenBase base) throws IOException {
    MessageDigest digest = digest();
    for (Path file : base.files()) {
      FileStamp stamp = FileStamp.of(file);
      update(digest, InputFile.name(file));
      update(digest, stamp.sizeInBytes() + " " + stamp.modified());
    }
    return "files " + HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = digest();
    byte[] piece = new byte[PIECE_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
        digest.update(piece, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
