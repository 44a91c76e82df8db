package io.fourierft.training;

/**
 * How far a training has come.
 *
 * @param steps steps made: the t of AdamW's bias correction
 * @param skipped steps skipped because their gradients were not finite
 * @param refused steps refused for the same reason
 * @param norm the global norm of the last step's gradients before clipping; NaN before the first
 */
record Progress(long steps, long skipped, long refused, double norm) {
  static final Progress START = new Progress(0, 0, 0, Double.NaN);

  /** Steps that the schedule has gone on by. */
  long scheduled() {
    return steps + skipped;
  }
}
