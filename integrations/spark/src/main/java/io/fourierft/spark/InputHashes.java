package io.fourierft.spark;

import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.PeftAdapter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Adapters' files by size and content: what an output was made from, as one text. */
final class InputHashes {
  private InputHashes() {}

  static String of(List<Path> adapters) throws IOException {
    StringBuilder text = new StringBuilder();
    for (Path adapter : adapters) {
      for (String name : List.of(FourierFtConfig.FILE_NAME, PeftAdapter.FILE_NAME)) {
        Path file = adapter.resolve(name);
        text.append(Files.size(file)).append(' ').append(sha256(file)).append('\n');
      }
    }
    return text.toString();
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] piece = new byte[1 << 16];
      for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
        digest.update(piece, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
