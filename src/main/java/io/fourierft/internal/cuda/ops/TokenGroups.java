package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.cuda.kernels.LaunchArguments;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.cuda.struct.TokenGroupStruct;

/**
 * Tokens by the block that works on them. Those of one adapter stand together, so that a block, and
 * those beside it, read the same indices.
 *
 * @param table device address of the groups; 0 if all tokens take all adapters, in their order
 * @param count groups
 * @param token device address of the tokens' numbers
 * @param tokens tokens of the matrices
 * @param perGroup the most of a group
 */
record TokenGroups(long table, int count, long token, int tokens, int perGroup) {
  /** The groups of a cut, in device memory. */
  static TokenGroups of(WorkStream stream, TokenShares shares) {
    int perGroup = Math.toIntExact(shares.tokensPerChunk());
    int count = Math.toIntExact(shares.groups());
    if (!shares.isPerToken() || count == 0) {
      return new TokenGroups(0, count, 0, shares.tokens(), perGroup);
    }
    StructTable groups = new StructTable(TokenGroupStruct.LAYOUT, count);
    for (int a = 0; a < shares.adapters(); a++) {
      int end = shares.start(a) + shares.count(a);
      for (int first = shares.start(a); first < end; first += perGroup) {
        groups.add(new TokenGroupStruct(first, Math.min(perGroup, end - first), a));
      }
    }
    return new TokenGroups(
        stream.table(groups.finish()),
        count,
        stream.table(StructTable.of(shares.listed())),
        shares.tokens(),
        perGroup);
  }

  /** Adds the groups to a kernel's parameters. */
  LaunchArguments addTo(LaunchArguments parameters) {
    return parameters.add(table).add(count).add(token).add(tokens).add(perGroup);
  }
}
