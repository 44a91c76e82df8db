package io.fourierft;

import java.util.HashMap;
import java.util.Map;

/**
 * One FourierFT adapter of one linear layer: the places of its spectrum, the coefficients there,
 * and the scaling. Immutable.
 *
 * <p>It changes the layer's weight W (out_features × in_features) by
 *
 * <pre>  ΔW[p,q] = scaling/(rows·cols) · Σ_k spectrum[k] · cos(2π(u[k]·p/rows + v[k]·q/cols))</pre>
 *
 * (Gao et al., "Parameter-Efficient Fine-Tuning with Discrete Fourier Transform", ICML 2024,
 * equation 3; {@code src/peft/tuners/fourierft/layer.py}, {@code get_delta_weight}). Coefficients
 * that are not finite are allowed and propagate.
 */
public final class FourierAdapter {
  private static final int INFINITY_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private final SpectralLocations locations;
  private final float[] spectrum;
  private final float scaling;
  private final ElementType deltaType;
  private final boolean finite;
  private final float largestCoefficient;

  private FourierAdapter(
      SpectralLocations locations, float[] spectrum, float scaling, ElementType deltaType) {
    if (spectrum.length != locations.nFrequency()) {
      throw new ShapeException(
          "a spectrum of %d coefficients does not fit %d locations"
              .formatted(spectrum.length, locations.nFrequency()));
    }
    this.locations = locations;
    this.spectrum = spectrum;
    this.scaling = scaling;
    this.deltaType = deltaType;
    this.finite = isFinite(spectrum, scaling);
    this.largestCoefficient = largest(spectrum);
  }

  private static boolean isFinite(float[] spectrum, float scaling) {
    for (float value : spectrum) {
      if (!Double.isFinite((double) scaling * value)) {
        return false;
      }
    }
    return true;
  }

  private static float largest(float[] spectrum) {
    // As integers the bits of magnitudes have their order, and the loop has no branch.
    int largest = 0;
    for (float value : spectrum) {
      int bits = Float.floatToRawIntBits(value) & 0x7FFFFFFF;
      largest = Math.max(largest, bits < INFINITY_BITS ? bits : 0);
    }
    return Float.intBitsToFloat(largest);
  }

  /**
   * An adapter whose ΔW stays in float32.
   *
   * @param locations where the coefficients stand
   * @param spectrum one coefficient a location, copied
   * @param scaling the factor of the config, used as a float32 as PEFT does
   * @throws ShapeException if the lengths differ
   */
  public static FourierAdapter of(SpectralLocations locations, float[] spectrum, double scaling) {
    return new FourierAdapter(locations, spectrum.clone(), (float) scaling, ElementType.F32);
  }

  /**
   * The same adapter with other coefficients, as after a step of training; {@code newSpectrum} is
   * copied.
   *
   * @throws ShapeException if the length differs
   */
  public FourierAdapter withSpectrum(float[] newSpectrum) {
    return new FourierAdapter(locations, newSpectrum.clone(), scaling, deltaType);
  }

  /**
   * The same adapter whose dense ΔW is rounded to {@code type} before it is used, as PEFT does when
   * coefficients stay in low precision ({@code autocast_adapter_dtype=False}). The spectral
   * operator, which has no ΔW to round, ignores it.
   */
  public FourierAdapter withDeltaType(ElementType type) {
    return new FourierAdapter(locations, spectrum, scaling, type);
  }

  /** out_features. */
  public int rows() {
    return locations.rows();
  }

  /** in_features. */
  public int cols() {
    return locations.cols();
  }

  /** n_frequency, the number of coefficients. */
  public int nFrequency() {
    return spectrum.length;
  }

  /** Where the coefficients stand. */
  public SpectralLocations locations() {
    return locations;
  }

  /** Coefficient {@code k}. */
  public float coefficient(int k) {
    return spectrum[k];
  }

  /** The largest finite {@code |coefficient|}; 0 if there is none. */
  public float largestCoefficient() {
    return largestCoefficient;
  }

  /** Whether every coefficient times the scaling is finite, and so ΔW before it is rounded. */
  public boolean isFinite() {
    return finite;
  }

  /** A copy of the coefficients. */
  public float[] spectrum() {
    return spectrum.clone();
  }

  /** The factor on ΔW, before the division by rows·cols. */
  public float scaling() {
    return scaling;
  }

  /** The format to which a dense ΔW is rounded before use; F32 unless set otherwise. */
  public ElementType deltaType() {
    return deltaType;
  }

  /**
   * ‖ΔW‖, the Frobenius norm of the change, from the coefficients alone (Parseval): no ΔW is built.
   * In float64; NaN or infinite if a coefficient is.
   */
  public double deltaNorm() {
    Map<Long, Float> byPlace = HashMap.newHashMap(spectrum.length);
    for (int k = 0; k < spectrum.length; k++) {
      byPlace.put(place(locations.row(k), locations.col(k)), spectrum[k]);
    }
    double sum = 0;
    for (int k = 0; k < spectrum.length; k++) {
      // The real part keeps the Hermitian half of the spectrum: the mean of each coefficient and
      // the one at the mirrored place.
      int u = locations.row(k);
      int v = locations.col(k);
      long mirror = place(u == 0 ? 0 : rows() - u, v == 0 ? 0 : cols() - v);
      double coefficient = spectrum[k];
      Float mirrored = byPlace.get(mirror);
      if (mirrored == null) {
        sum += coefficient * coefficient / 2;
      } else {
        double mean = (coefficient + mirrored) / 2;
        sum += mean * mean;
      }
    }
    return Math.abs((double) scaling) * Math.sqrt(sum / ((double) rows() * cols()));
  }

  private long place(int u, int v) {
    return (long) u * cols() + v;
  }

  @Override
  public String toString() {
    return "FourierAdapter[%d x %d, n_frequency %d, scaling %s]"
        .formatted(rows(), cols(), nFrequency(), scaling);
  }
}
