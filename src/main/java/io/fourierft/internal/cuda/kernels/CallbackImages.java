package io.fourierft.internal.cuda.kernels;

import io.fourierft.FourierException;
import io.fourierft.internal.cuda.ffm.Cufft;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The compiled callbacks, in native memory that lives as long as this: cuFFT may look at it until a
 * plan is made.
 */
public final class CallbackImages {
  private final Map<Callback, Image> images = new EnumMap<>(Callback.class);

  private CallbackImages() {}

  /** A callback's name and its code, as cuFFT takes them. */
  private record Image(MemorySegment symbol, MemorySegment code) {}

  /**
   * Those beside the fatbin of {@link KernelImage#PROPERTY}, or else those of the kernels' jar;
   * null if there are none.
   *
   * @throws FourierException if they cannot be read
   */
  public static @Nullable CallbackImages find() {
    String kernels = KernelImage.isCompiledHere() ? null : System.getProperty(KernelImage.PROPERTY);
    CallbackImages found = new CallbackImages();
    try {
      for (Callback callback : Callback.values()) {
        byte[] code = read(kernels, callback.symbol() + ".fatbin");
        if (code == null) {
          return null;
        }
        Arena arena = Arena.ofAuto();
        MemorySegment image = arena.allocate(code.length, 64);
        image.copyFrom(MemorySegment.ofArray(code));
        found.images.put(callback, new Image(arena.allocateFrom(callback.symbol()), image));
      }
    } catch (IOException e) {
      throw new FourierException("cuFFT's callbacks cannot be read: " + e, e);
    }
    return found;
  }

  private static byte @Nullable [] read(@Nullable String kernels, String name) throws IOException {
    if (kernels != null) {
      Path file = Path.of(kernels).resolveSibling(name);
      return Files.exists(file) ? Files.readAllBytes(file) : null;
    }
    try (InputStream resource = KernelImage.resource(name)) {
      return resource == null ? null : resource.readAllBytes();
    }
  }

  /** Gives a plan that is not made yet a callback; see {@link Cufft#setJitCallback}. */
  public void set(Cufft cufft, int plan, Callback callback, MemorySegment callerInfos) {
    Image image = images.get(callback);
    if (image == null) {
      throw new IllegalStateException(callback.symbol() + " is not loaded");
    }
    cufft.setJitCallback(plan, image.symbol(), image.code(), callback.type(), callerInfos);
  }
}
