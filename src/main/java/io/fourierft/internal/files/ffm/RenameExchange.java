package io.fourierft.internal.files.ffm;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Linux's {@code renameat2} with {@code RENAME_EXCHANGE}: two names trade places in one step, so
 * that nobody ever finds either of them missing. Safe for any number of threads.
 */
public final class RenameExchange {
  private static final int AT_FDCWD = -100;
  private static final int RENAME_EXCHANGE = 2;

  // int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath,
  //               unsigned int flags);
  private static final FunctionDescriptor RENAMEAT2 =
      FunctionDescriptor.of(
          ValueLayout.JAVA_INT,
          ValueLayout.JAVA_INT,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_INT,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_INT);

  private final MethodHandle renameat2;

  private RenameExchange(MethodHandle renameat2) {
    this.renameat2 = renameat2;
  }

  /**
   * Binds the function; empty where the C library has none, or where this module was not given
   * native access ({@code --enable-native-access}): then nothing is tried, so that the virtual
   * machine has nothing to warn of.
   */
  public static Optional<RenameExchange> find() {
    if (!RenameExchange.class.getModule().isNativeAccessEnabled()
        || !System.getProperty("os.name", "").equals("Linux")) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("renameat2")
        .map(address -> new RenameExchange(linker.downcallHandle(address, RENAMEAT2)));
  }

  /**
   * Exchanges two paths of the default file system, which must both exist.
   *
   * @return whether it happened; if not, for whatever reason, nothing has changed
   */
  public boolean exchange(Path first, Path second) {
    if (!isOfDefaultFileSystem(first) || !isOfDefaultFileSystem(second)) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = bytes(first, arena);
      MemorySegment to = bytes(second, arena);
      return call(from, to) == 0;
    }
  }

  private int call(MemorySegment from, MemorySegment to) {
    try {
      return (int) renameat2.invokeExact(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isOfDefaultFileSystem(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault());
  }

  /** The path's bytes as the system has them, whatever the locale: a URI escapes each. */
  private static MemorySegment bytes(Path path, Arena arena) {
    String escaped = path.toAbsolutePath().toUri().getRawPath();
    ByteArrayOutputStream raw = new ByteArrayOutputStream(escaped.length() + 1);
    for (int i = 0; i < escaped.length(); i++) {
      if (escaped.charAt(i) == '%') {
        raw.write(Integer.parseInt(escaped, i + 1, i + 3, 16));
        i += 2;
      } else {
        raw.writeBytes(escaped.substring(i, i + 1).getBytes(StandardCharsets.US_ASCII));
      }
    }
    raw.write(0);
    MemorySegment segment = arena.allocate(raw.size());
    segment.copyFrom(MemorySegment.ofArray(raw.toByteArray()));
    return segment;
  }
}
