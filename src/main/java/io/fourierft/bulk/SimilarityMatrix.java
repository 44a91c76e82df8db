package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.merge.OpenBase;
import io.fourierft.peft.ResolveOptions;
import io.fourierft.peft.ResolvedAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How alike the adapters of one base are: the cosine of the angle between the ΔWs of each two, all
 * modules of an adapter taken as one vector. A module that only one of two adapters has is zero in
 * the other.
 *
 * <p>No ΔW is built. ΔW is the real part of an inverse DFT of the coefficients C, so the inverse
 * DFT of their Hermitian half {@code H[u,v] = (C[u,v] + C[-u,-v]) / 2}, and by Parseval's theorem
 *
 * <pre>  ⟨ΔWa, ΔWb⟩ = scaling_a · scaling_b / (rows·cols) · Σ_k a[k] · Hb[u[k], v[k]]</pre>
 *
 * over the places of one of the two, whether or not they are those of the other. Computed in
 * float64. That a ΔW may be rounded to the coefficients' format before it is used (PEFT's {@code
 * autocast_adapter_dtype=False}) is left out of account. Immutable.
 */
public final class SimilarityMatrix {
  private final List<String> names;
  private final double[] products;

  private SimilarityMatrix(List<String> names, double[] products) {
    this.names = List.copyOf(names);
    this.products = products;
  }

  /**
   * Reads the adapters and compares each with each.
   *
   * @param base the base model, for the shapes, which adapters do not store
   * @param adapters one adapter each, all of different names
   * @throws FourierException if an adapter is broken or does not fit the base, or two of them do
   *     not agree on a module's shape
   * @throws IOException if a file cannot be read
   */
  public static SimilarityMatrix of(Path base, List<AdapterSet> adapters, ResolveOptions resolve)
      throws IOException {
    AdapterSets.requireDistinct(adapters);
    try (OpenBase opened = OpenBase.open(base)) {
      List<ResolvedAdapter> resolved =
          ParallelWork.map(
              adapters,
              set -> {
                try {
                  return opened.bind(set.single(), resolve);
                } catch (FourierException e) {
                  throw new BulkException(
                      set.name(), "adapter '%s': %s".formatted(set.name(), e.getMessage()), e);
                }
              });
      Map<String, ResolvedAdapter> byName = new LinkedHashMap<>();
      for (int i = 0; i < adapters.size(); i++) {
        byName.put(adapters.get(i).name(), resolved.get(i));
      }
      return of(byName);
    }
  }

  /**
   * Compares adapters that are bound to one base already.
   *
   * @param adapters by name, in the order of the matrix
   * @throws FourierException if two of them do not agree on a module's shape, or there are more
   *     than the heap can hold the matrix of
   */
  public static SimilarityMatrix of(Map<String, ResolvedAdapter> adapters) {
    int count = adapters.size();
    long cells = (long) count * (count + 1) / 2;
    if (cells > Math.min(Integer.MAX_VALUE - 8, Runtime.getRuntime().maxMemory() / 16)) {
      throw new FourierException(
          ("%d adapters have %d pairs, more than the heap of %d MiB has room for; compare fewer, or"
                  + " allow more heap (-Xmx)")
              .formatted(count, cells, Runtime.getRuntime().maxMemory() >> 20));
    }
    return new SimilarityMatrix(
        List.copyOf(adapters.keySet()), new SpectrumProducts(adapters).compute());
  }

  /** The adapters' names, in the order of the matrix. */
  public List<String> names() {
    return names;
  }

  /** How many adapters there are. */
  public int size() {
    return names.size();
  }

  /** The Frobenius norm of all ΔWs of adapter {@code i} together. */
  public double norm(int i) {
    return Math.sqrt(product(i, i));
  }

  /**
   * The cosine between adapters {@code i} and {@code j}, −1 to 1; NaN if one of them is zero or not
   * finite.
   */
  public double cosine(int i, int j) {
    double cosine = product(i, j) / (norm(i) * norm(j));
    return i == j && Double.isFinite(cosine) ? 1 : Math.clamp(cosine, -1, 1);
  }

  private double product(int i, int j) {
    return products[SpectrumProducts.cell(Math.max(i, j), Math.min(i, j))];
  }

  /** The pairs whose cosine is at least {@code threshold}, the most alike first. */
  public List<Pair> pairs(double threshold) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      for (int j = 0; j < i; j++) {
        double cosine = cosine(i, j);
        if (cosine >= threshold) {
          pairs.add(new Pair(j, i, cosine));
        }
      }
    }
    pairs.sort(Comparator.comparingDouble(Pair::cosine).reversed());
    return pairs;
  }

  /**
   * The adapters in clusters: two are in one if a chain of pairs whose cosine is at least {@code
   * threshold} leads from one to the other. The largest first; within each, and among those of one
   * size, in the order of the matrix.
   */
  public List<List<Integer>> clusters(double threshold) {
    int[] root = new int[size()];
    for (int i = 0; i < root.length; i++) {
      root[i] = i;
      for (int j = 0; j < i; j++) {
        if (cosine(i, j) >= threshold) {
          int one = find(root, i);
          int other = find(root, j);
          root[Math.max(one, other)] = Math.min(one, other);
        }
      }
    }
    Map<Integer, List<Integer>> clusters = new LinkedHashMap<>();
    for (int i = 0; i < root.length; i++) {
      clusters.computeIfAbsent(find(root, i), key -> new ArrayList<>()).add(i);
    }
    return clusters.values().stream()
        .sorted(Comparator.comparingInt((List<Integer> cluster) -> cluster.size()).reversed())
        .map(List::copyOf)
        .toList();
  }

  private static int find(int[] root, int i) {
    int at = i;
    while (root[at] != at) {
      root[at] = root[root[at]];
      at = root[at];
    }
    return at;
  }

  /**
   * Two adapters.
   *
   * @param first the index of one
   * @param second the larger index of the other
   * @param cosine between their ΔWs
   */
  public record Pair(int first, int second, double cosine) {}
}
