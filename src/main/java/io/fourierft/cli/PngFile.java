package io.fourierft.cli;

import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import io.fourierft.internal.files.OutputFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** A picture to write: whole or not at all, and over nothing but another picture. */
final class PngFile {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

  private PngFile() {}

  /**
   * Refuses a name that cannot be written.
   *
   * @throws FourierException if it stands for a folder, a broken link or another kind of file
   */
  static void requireFree(Path file) throws IOException {
    OutputFile.requireFree(file, true);
    if (InputFile.isThere(file) && Files.size(file) > 0 && !isPng(file)) {
      throw new FourierException(file + " exists and is no PNG; give the picture another name");
    }
  }

  private static boolean isPng(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(SIGNATURE.length), SIGNATURE);
    }
  }

  /** Writes it, and the folders above it. */
  static void write(Path file, BufferedImage image) throws IOException {
    requireFree(file);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // Else the bytes go to a temporary file first.
    ImageIO.setUseCache(false);
    ImageIO.write(image, "png", bytes);
    try (OutputFile output = OutputFile.create(file, true)) {
      Files.write(output.path(), bytes.toByteArray());
      output.commit();
    } catch (IOException e) {
      throw new IOException(file + ": writing the picture failed: " + e.getMessage(), e);
    }
  }
}
