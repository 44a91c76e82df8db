package io.fourierft.internal.cuda;

import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelImage;
import org.jspecify.annotations.Nullable;

/**
 * Whether cuFFT's link-time callbacks are used.
 *
 * @param images the callbacks, or null if they are not
 * @param obstacle why they cannot be used although they were asked for, or null
 */
public record CallbackSurvey(@Nullable CallbackImages images, @Nullable Obstacle obstacle) {
  /** Property that turns them {@code on}; {@code off} is the default. */
  static final String PROPERTY = "fourierft.cuda.callbacks";

  private static final String OFF = "or give -D%s=off".formatted(PROPERTY);

  /**
   * Looks for what they need.
   *
   * @param toolkit CUDA version that compiled them, 1000·major + 10·minor; 0 if that is not known
   */
  static CallbackSurvey examine(Cufft cufft, int toolkit) {
    String wanted = System.getProperty(PROPERTY, "off");
    if (wanted.equals("off")) {
      return new CallbackSurvey(null, null);
    }
    if (!wanted.equals("on")) {
      return blocked("-D%s=%s is unknown".formatted(PROPERTY, wanted), "use on or off");
    }
    if (!cufft.takesCallbacks()) {
      return blocked(
          cufft.library() + " takes no link-time callbacks",
          "install the cuFFT of CUDA 12.8 or later and bind it by panama, " + OFF);
    }
    int cuda = cufft.getVersion() / 1000 + 1;
    if (toolkit / 1000 > cuda) {
      return blocked(
          "they were compiled by CUDA %s, and %s belongs to CUDA %d, whose linker cannot read them"
              .formatted(KernelImage.versionText(toolkit), cufft.library(), cuda),
          "install the cuFFT of CUDA %d, build the jar with the toolkit of CUDA %d, %s"
              .formatted(toolkit / 1000, cuda, OFF));
    }
    try {
      CallbackImages images = CallbackImages.find();
      return images == null
          ? blocked(
              "the kernel image has none beside it",
              "build the jar where nvcc is on the PATH, " + OFF)
          : new CallbackSurvey(images, null);
    } catch (FourierException e) {
      return blocked(String.valueOf(e.getMessage()), "build the jar again, " + OFF);
    }
  }

  private static CallbackSurvey blocked(String problem, String remedy) {
    return new CallbackSurvey(null, new Obstacle("cuFFT's callbacks", problem, remedy));
  }
}
