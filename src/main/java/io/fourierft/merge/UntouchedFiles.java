package io.fourierft.merge;

/** What becomes of weight files of the base in which a merge changes nothing. */
public enum UntouchedFiles {
  /** Written anew, tensor by tensor, under a header of this library's. */
  REWRITTEN,
  /**
   * Copied whole by the system, byte for byte; a file system that can share blocks between files
   * (XFS, Btrfs) does so.
   */
  COPIED,
  /**
   * Given a second name, so that base and output are one file: who changes it in place changes
   * both. Copied where the file system cannot do that.
   */
  LINKED
}
