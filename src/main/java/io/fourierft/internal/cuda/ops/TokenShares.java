package io.fourierft.internal.cuda.ops;

import io.fourierft.AdapterRouting;
import io.fourierft.internal.cuda.kernels.Kernel;

/**
 * Which tokens of a chunk each adapter acts on, and how they are cut for the two-stage sum. The cut
 * depends on the numbers of tokens alone, so that the sums come out the same each time.
 */
public final class TokenShares {
  /** Groups of tokens that all adapters together are cut into, enough to fill a GPU. */
  private static final long GROUPS = 64;

  /** Smaller groups would spend more on partial sums than on products. */
  private static final long LEAST_PER_GROUP = 16;

  private final int[] start;
  private final int[] listed;
  private final boolean perToken;
  private final int tokens;
  private final long tokensPerChunk;

  private TokenShares(
      int[] start, int[] listed, boolean perToken, int tokens, long tokensPerChunk) {
    this.start = start;
    this.listed = listed;
    this.perToken = perToken;
    this.tokens = tokens;
    this.tokensPerChunk = tokensPerChunk;
  }

  private static long perChunk(long pairs) {
    return Math.max(LEAST_PER_GROUP, Kernel.groups(pairs, GROUPS));
  }

  /** For tables that speak of no tokens. */
  static TokenShares none() {
    return new TokenShares(new int[1], new int[0], false, 0, LEAST_PER_GROUP);
  }

  /** The shares of tokens {@code first} to {@code first + count - 1}, numbered from 0. */
  public static TokenShares of(AdapterRouting routing, int first, int count) {
    int adapters = routing.adapters().size();
    if (!routing.isPerToken()) {
      return new TokenShares(
          new int[1], new int[0], false, count, perChunk((long) adapters * count));
    }
    int[] start = new int[adapters + 1];
    for (int t = first; t < first + count; t++) {
      if (routing.choice(t) != AdapterRouting.NONE) {
        start[routing.choice(t) + 1]++;
      }
    }
    for (int a = 0; a < adapters; a++) {
      start[a + 1] += start[a];
    }
    int[] fill = start.clone();
    int[] listed = new int[start[adapters]];
    for (int t = first; t < first + count; t++) {
      if (routing.choice(t) != AdapterRouting.NONE) {
        listed[fill[routing.choice(t)]++] = t - first;
      }
    }
    return new TokenShares(start, listed, true, count, perChunk(listed.length));
  }

  /** The same shares, cut into chunks of another size. */
  TokenShares inChunksOf(long tokensOfChunk) {
    return new TokenShares(start, listed, perToken, tokens, tokensOfChunk);
  }

  /** Whether each token has at most one adapter; else it has all. */
  boolean isPerToken() {
    return perToken;
  }

  /** Tokens of the batch. */
  int tokens() {
    return tokens;
  }

  /** Adapters that have shares of their own; only if {@link #isPerToken}. */
  int adapters() {
    return start.length - 1;
  }

  /** Tokens that are changed, each once. */
  int pairs() {
    return perToken ? listed.length : tokens;
  }

  /** The most tokens that one adapter acts on. */
  int mostOfOne() {
    int most = perToken ? 0 : tokens;
    for (int a = 0; a < adapters(); a++) {
      most = Math.max(most, count(a));
    }
    return most;
  }

  /** Chunks of all adapters, or of all tokens where each has all adapters. */
  long groups() {
    if (!perToken) {
      return Kernel.groups(tokens, tokensPerChunk);
    }
    long all = 0;
    for (int a = 0; a < adapters(); a++) {
      all += chunks(a);
    }
    return all;
  }

  /** Tokens that adapter {@code a} acts on. */
  public int count(int a) {
    return perToken ? start[a + 1] - start[a] : tokens;
  }

  /** Where the tokens of adapter {@code a} start in {@link #listed}. */
  int start(int a) {
    return start[a];
  }

  /** The tokens by adapter; empty if each acts on all. */
  public int[] listed() {
    return listed;
  }

  long tokensPerChunk() {
    return tokensPerChunk;
  }

  /** Groups that the tokens of adapter {@code a} are cut into. */
  public long chunks(int a) {
    return Kernel.groups(count(a), tokensPerChunk);
  }

  /** Partial sums of all adapters. */
  public long partials(AdapterRouting routing) {
    long sum = 0;
    for (int a = 0; a < routing.adapters().size(); a++) {
      sum += chunks(a) * routing.adapters().get(a).nFrequency();
    }
    return sum;
  }

  /** Blocks of work of the first stage, over all adapters. */
  long units(AdapterRouting routing) {
    long sum = 0;
    for (int a = 0; a < routing.adapters().size(); a++) {
      sum += chunks(a) * Kernel.groups(routing.adapters().get(a).nFrequency(), Kernel.BLOCK);
    }
    return sum;
  }
}
