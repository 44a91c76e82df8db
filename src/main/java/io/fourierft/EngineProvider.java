package io.fourierft;

/**
 * One kind of engine, found through {@link java.util.ServiceLoader}. Providers are tried in the
 * order of {@link #priority()}, highest first.
 */
public interface EngineProvider {
  /** The word that names this kind in {@link EngineOptions#device()}: {@code cpu}, {@code cuda}. */
  String kind();

  /** The greater is tried first; the CPU has 0. */
  int priority();

  /** Looks whether this engine can be had, without keeping anything open. Never throws. */
  EngineProbe probe(EngineOptions options);

  /**
   * Opens the engine; called only after {@link #probe} said that it is available.
   *
   * @param choice how this engine came to be chosen, for {@link FourierEngine#selection()}
   */
  FourierEngine open(EngineOptions options, EngineSelection choice);
}
