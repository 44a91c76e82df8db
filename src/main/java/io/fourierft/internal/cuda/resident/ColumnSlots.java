package io.fourierft.internal.cuda.resident;

import io.fourierft.SpectralLocations;
import io.fourierft.internal.definition.HalfSpectrum;
import java.util.Arrays;

/**
 * Which columns of the half spectrum hold a coefficient, numbered from left to right.
 *
 * @param slot for each of the cols/2+1 columns its number, or -1
 * @param count columns that have a number
 */
@SuppressWarnings("ArrayRecordComponent") // Made once, uploaded, and never compared.
public record ColumnSlots(int[] slot, int count) {
  public static ColumnSlots of(SpectralLocations places) {
    int cols = places.cols();
    int[] slot = new int[HalfSpectrum.bins(cols)];
    for (int k = 0; k < places.nFrequency(); k++) {
      slot[HalfSpectrum.bin(places.col(k), cols)] = 1;
    }
    int count = 0;
    for (int w = 0; w < slot.length; w++) {
      slot[w] = slot[w] == 1 ? count++ : -1;
    }
    return new ColumnSlots(slot, count);
  }

  /** The slots, then for each slot its column, then -1 until this part is as long as the first. */
  int[] bothWays() {
    int half = slot.length;
    int[] both = Arrays.copyOf(slot, 2 * half);
    Arrays.fill(both, half, 2 * half, -1);
    for (int w = 0; w < half; w++) {
      if (slot[w] >= 0) {
        both[half + slot[w]] = w;
      }
    }
    return both;
  }

  @Override
  public String toString() {
    return "ColumnSlots" + Arrays.toString(slot);
  }
}
