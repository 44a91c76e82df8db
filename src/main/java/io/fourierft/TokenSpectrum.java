package io.fourierft;

/**
 * The transform of a batch of activations, kept by the caller so that a backward pass, or another
 * adapter, need not repeat it. For a token x of {@link #features()} numbers it holds
 *
 * <pre>  X[v] = Σ_q x[q]·e^{+2πi·v·q/features},   v = 0 .. features/2</pre>
 *
 * in a layout that is the engine's own. Not thread-safe while {@link FourierEngine#transform} fills
 * it; any number of threads may read it afterwards. Closing returns its memory to the engine.
 */
public interface TokenSpectrum extends AutoCloseable {
  /** Most tokens that fit. */
  int capacity();

  /** Tokens that the last transform put in; 0 before the first. */
  int tokens();

  /** Length of each token. */
  int features();

  /** Gives the memory back; a second call does nothing. */
  @Override
  void close();
}
