package io.fourierft.bulk;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import io.fourierft.peft.ResolvedAdapter;
import io.fourierft.peft.ResolvedModule;
import io.fourierft.peft.WeightSlice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The inner products ⟨ΔWa, ΔWb⟩ of all pairs of adapters, from their coefficients. */
final class SpectrumProducts {
  private final List<String> names;
  private final List<Map<Place, ResolvedModule>> adapters = new ArrayList<>();
  private final double[] products;

  SpectrumProducts(Map<String, ResolvedAdapter> byName) {
    names = List.copyOf(byName.keySet());
    for (ResolvedAdapter adapter : byName.values()) {
      Map<Place, ResolvedModule> modules = new HashMap<>();
      for (ResolvedModule module : adapter.modules()) {
        WeightSlice first = module.slices().getFirst();
        modules.put(new Place(first.weight(), first.firstRow()), module);
      }
      adapters.add(modules);
    }
    products = new double[names.size() * (names.size() + 1) / 2];
  }

  /** Where the pair of {@code i} and {@code j <= i} stands. */
  static int cell(int i, int j) {
    return (int) ((long) i * (i + 1) / 2) + j;
  }

  /** All pairs, by {@link #cell}. */
  double[] compute() {
    Map<Place, Boolean> places = new LinkedHashMap<>();
    adapters.forEach(modules -> modules.keySet().forEach(place -> places.put(place, true)));
    places.keySet().forEach(this::add);
    return products;
  }

  /** Adds what one module of the base contributes. */
  private void add(Place place) {
    Map<SpectralLocations, Support> supports = new LinkedHashMap<>();
    Support[] supportOf = new Support[adapters.size()];
    double[][] spectra = new double[adapters.size()][];
    int first = -1;
    for (int i = 0; i < adapters.size(); i++) {
      ResolvedModule module = adapters.get(i).get(place);
      if (module == null) {
        continue;
      }
      first = first < 0 ? i : first;
      requireAgreement(place, first, i);
      SpectralLocations locations = module.adapter().locations();
      supportOf[i] = supports.computeIfAbsent(locations, key -> new Support(key, supports.size()));
      spectra[i] = scaled(module.adapter());
    }
    Support[] distinct = supports.values().toArray(Support[]::new);
    Overlap[][] overlaps = new Overlap[distinct.length][distinct.length];
    for (int a = 0; a < distinct.length; a++) {
      for (int b = 0; b <= a; b++) {
        overlaps[a][b] = Overlap.of(distinct[a], distinct[b]);
        overlaps[b][a] = a == b ? overlaps[a][a] : overlaps[a][b].turned();
      }
    }
    IntStream.range(0, adapters.size())
        .parallel()
        .filter(i -> spectra[i] != null)
        .forEach(i -> addRow(i, supportOf, spectra, overlaps));
  }

  private void addRow(
      int i, @Nullable Support[] supportOf, double[][] spectra, Overlap[][] overlaps) {
    // What adapter i meets at each place of the others: its Hermitian half there.
    double[][] met = new double[overlaps.length][];
    Support own = supportOf[i];
    for (int j = 0; j <= i && own != null; j++) {
      Support other = supportOf[j];
      if (other != null) {
        double[] folded = met[other.index()];
        if (folded == null) {
          folded = overlaps[own.index()][other.index()].fold(spectra[i], other.count());
          met[other.index()] = folded;
        }
        products[cell(i, j)] += dot(folded, spectra[j]) / own.elements();
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double even = 0;
    double odd = 0;
    int k = 0;
    for (; k + 1 < a.length; k += 2) {
      even += a[k] * b[k];
      odd += a[k + 1] * b[k + 1];
    }
    return k < a.length ? even + odd + a[k] * b[k] : even + odd;
  }

  private static double[] scaled(FourierAdapter adapter) {
    double[] scaled = new double[adapter.nFrequency()];
    for (int k = 0; k < scaled.length; k++) {
      scaled[k] = (double) adapter.scaling() * adapter.coefficient(k);
    }
    return scaled;
  }

  private void requireAgreement(Place place, int first, int other) {
    FourierAdapter one = module(first, place).adapter();
    FourierAdapter two = module(other, place).adapter();
    if (one.rows() != two.rows() || one.cols() != two.cols()) {
      throw new FourierException(
          ("'%s' adapts %s as %d x %d, and '%s' as %d x %d; adapters of different sizes cannot be"
                  + " compared, so leave one out")
              .formatted(
                  names.get(first),
                  place.weight(),
                  one.rows(),
                  one.cols(),
                  names.get(other),
                  two.rows(),
                  two.cols()));
    }
  }

  private ResolvedModule module(int adapter, Place place) {
    return Objects.requireNonNull(adapters.get(adapter).get(place));
  }

  /** A module of the base, by whatever name an adapter calls it. */
  private record Place(String weight, long firstRow) {}

  /** The places that some adapters share, sorted for finding them. */
  private static final class Support {
    private final SpectralLocations locations;
    private final int index;
    private final long[] sorted;
    private final int[] order;

    Support(SpectralLocations locations, int index) {
      this.locations = locations;
      this.index = index;
      long[] keyed = new long[locations.nFrequency()];
      Integer[] by = new Integer[keyed.length];
      for (int k = 0; k < keyed.length; k++) {
        keyed[k] = flat(locations.row(k), locations.col(k));
        by[k] = k;
      }
      Arrays.sort(by, (a, b) -> Long.compare(keyed[a], keyed[b]));
      order = Arrays.stream(by).mapToInt(Integer::intValue).toArray();
      sorted = Arrays.stream(order).mapToLong(k -> keyed[k]).toArray();
    }

    int index() {
      return index;
    }

    int count() {
      return order.length;
    }

    double elements() {
      return (double) locations.rows() * locations.cols();
    }

    private long flat(int u, int v) {
      return (long) u * locations.cols() + v;
    }

    /** Which coefficient stands there; negative if none does. */
    int find(int u, int v) {
      int at = Arrays.binarySearch(sorted, flat(u, v));
      return at < 0 ? -1 : order[at];
    }
  }

  /**
   * Where two supports meet: coefficient {@code from[m]} of one adds half of itself at coefficient
   * {@code to[m]} of the other, which stands at its place or at the mirrored one.
   */
  private static final class Overlap {
    private final int[] from;
    private final int[] to;

    private Overlap(int[] from, int[] to) {
      this.from = from;
      this.to = to;
    }

    static Overlap of(Support one, Support other) {
      IntStream.Builder from = IntStream.builder();
      IntStream.Builder to = IntStream.builder();
      SpectralLocations places = one.locations;
      for (int k = 0; k < one.count(); k++) {
        int u = places.row(k);
        int v = places.col(k);
        int straight = other.find(u, v);
        int mirrored = other.find(u == 0 ? 0 : places.rows() - u, v == 0 ? 0 : places.cols() - v);
        for (int found : new int[] {straight, mirrored}) {
          if (found >= 0) {
            from.add(k);
            to.add(found);
          }
        }
      }
      return new Overlap(from.build().toArray(), to.build().toArray());
    }

    Overlap turned() {
      return new Overlap(to, from);
    }

    double[] fold(double[] spectrum, int count) {
      double[] folded = new double[count];
      for (int m = 0; m < from.length; m++) {
        folded[to[m]] += spectrum[from[m]] / 2;
      }
      return folded;
    }
  }
}
