package io.fourierft.internal.cpu;

import io.fourierft.SpectralLocations;
import java.lang.ref.WeakReference;

/**
 * The indices that the kernels need for one set of places, each made when it is first asked for;
 * equal sets can share them. Thread-safe; a pure function of the places, which it does not keep
 * alive: whoever asks holds an adapter that does.
 */
public final class FoldedLocations extends WeakReference<SpectralLocations> {
  private final Folds folds;

  public FoldedLocations(SpectralLocations locations) {
    this(locations, new Folds());
  }

  private FoldedLocations(SpectralLocations locations, Folds folds) {
    super(locations);
    this.folds = folds;
  }

  /** The same indices for an equal set of places. */
  FoldedLocations sharedWith(SpectralLocations equal) {
    return new FoldedLocations(equal, folds);
  }

  /** The places. */
  public SpectralLocations locations() {
    SpectralLocations locations = get();
    if (locations == null) {
      throw new IllegalStateException("the locations were collected while their index was in use");
    }
    return locations;
  }

  /** From half spectra of length cols to half spectra of length rows: the operator ΔW. */
  public SpectralFold forward() {
    return folds.forward(locations());
  }

  /** From half spectra of length rows to half spectra of length cols: the operator ΔWᵀ. */
  public SpectralFold transposed() {
    return folds.transposed(locations());
  }

  /** For the dense paths. */
  public ColumnFold columns() {
    return folds.columns(locations());
  }
}
