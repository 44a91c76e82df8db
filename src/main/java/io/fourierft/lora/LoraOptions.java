package io.fourierft.lora;

import io.fourierft.FourierException;
import io.fourierft.peft.ResolveOptions;

/**
 * How a FourierFT adapter becomes a LoRA. Immutable.
 *
 * @param rank the highest rank of a module, at least 1
 * @param energy each module gets the lowest rank that keeps this share of its ‖ΔW‖², 0 to 1, or
 *     else {@code rank}; 1 for as much as {@code rank} allows
 * @param minEnergy the conversion is refused if a module keeps a smaller share, 0 to 1; 0 for never
 * @param overwrite whether an adapter that is there may be replaced
 * @param resolve how the adapter is understood
 */
public record LoraOptions(
    int rank, double energy, double minEnergy, boolean overwrite, ResolveOptions resolve) {
  /**
   * Checks the numbers.
   *
   * @throws FourierException naming the value and its range
   */
  public LoraOptions {
    if (rank < 1) {
      throw new FourierException("LoraOptions.rank is " + rank + "; it must be at least 1");
    }
    requireShare("LoraOptions.energy", energy);
    requireShare("LoraOptions.minEnergy", minEnergy);
  }

  private static void requireShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new FourierException(name + " is " + share + "; it must be a share, 0 to 1");
    }
  }

  /** A rank for all modules, and no more. */
  public static LoraOptions ofRank(int rank) {
    return new LoraOptions(rank, 1, 0, false, ResolveOptions.defaults());
  }

  /** With lower ranks where they keep this share. */
  public LoraOptions withEnergy(double newEnergy) {
    return new LoraOptions(rank, newEnergy, minEnergy, overwrite, resolve);
  }

  /** Refusing what keeps less than this share. */
  public LoraOptions withMinEnergy(double newMinEnergy) {
    return new LoraOptions(rank, energy, newMinEnergy, overwrite, resolve);
  }

  /** With a directory that may be there, or not. */
  public LoraOptions withOverwrite(boolean newOverwrite) {
    return new LoraOptions(rank, energy, minEnergy, newOverwrite, resolve);
  }

  /** With other rules for understanding the adapter. */
  public LoraOptions withResolve(ResolveOptions newResolve) {
    return new LoraOptions(rank, energy, minEnergy, overwrite, newResolve);
  }
}
