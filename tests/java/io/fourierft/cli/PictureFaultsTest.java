package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.MemoryFolder;
import io.fourierft.watched.EveryCall;
import io.fourierft.watched.FailingCall;
import io.fourierft.watched.WatchedFileSystem;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A picture, once for each call that writing it makes of the file system, as {@link EveryCall}. */
class PictureFaultsTest {
  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private static BufferedImage picture(Color color) {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(5, 5, 20, 20);
    graphics.dispose();
    return image;
  }

  private EveryCall writing(EveryCall.Preparation preparation) {
    Path results = folder.resolve("results");
    return new EveryCall(
        results,
        preparation,
        system -> PngFile.write(system.watch(results.resolve("out")), picture(Color.RED)));
  }

  private void old() throws IOException {
    ImageIO.write(picture(Color.BLUE), "png", folder.resolve("results").resolve("out").toFile());
  }

  @Test
  void aNewPicture() throws IOException {
    writing(() -> {}).fails();
  }

  @Test
  void aPictureThatReplacesAnother() throws IOException {
    writing(this::old).fails();
  }

  @Test
  void aPictureThatAnotherOvertakes() throws IOException {
    writing(() -> {}).isDelayed(true);
    writing(this::old).isDelayed(true);
  }

  /** A disk that does not answer is not taken for one that has nothing of that name. */
  @Test
  void whatIsNoPictureIsNeverReplaced() throws IOException {
    Path thesis = Files.writeString(folder.resolve("thesis.png"), "no picture");
    for (int fault = 0; fault <= 20; fault++) {
      WatchedFileSystem system = new WatchedFileSystem(new FailingCall(fault));
      Exception refusal =
          assertThrows(
              Exception.class, () -> PngFile.write(system.watch(thesis), picture(Color.RED)));
      assertTrue(
          refusal instanceof FourierException || refusal instanceof IOException,
          refusal.toString());
      assertEquals("no picture", Files.readString(thesis), "call " + fault);
    }
  }
}
