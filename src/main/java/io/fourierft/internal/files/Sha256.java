package io.fourierft.internal.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, by which contents are told apart. */
public final class Sha256 {
  private static final int PIECE_BYTES = 1 << 20;

  private Sha256() {}

  /** One that has seen nothing yet. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** That of some bytes. */
  public static byte[] of(byte[] bytes) {
    return digest().digest(bytes);
  }

  /**
   * That of a file of any file system, in hexadecimal; the file is read once, a piece at a time.
   */
  public static String ofFile(Path file) throws IOException {
    MessageDigest digest = digest();
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      ByteBuffer piece = ByteBuffer.allocate(Math.clamp(channel.size(), 1, PIECE_BYTES));
      while (channel.read(piece) >= 0) {
        digest.update(piece.flip());
        piece.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
