package io.fourierft.safetensors;

/**
 * How much of the heap one file's header or index may take: a quarter. A file that would need more
 * is refused as it is read, with the remedy, instead of filling the heap.
 */
final class HeapAllowance {
  private final long most;
  private long taken;

  private HeapAllowance(long most) {
    this.most = most;
  }

  /** The allowance of one file in this virtual machine. */
  static HeapAllowance ofThisMachine() {
    return new HeapAllowance(Runtime.getRuntime().maxMemory() / 4);
  }

  /** An allowance of so many bytes. */
  static HeapAllowance of(long bytes) {
    return new HeapAllowance(bytes);
  }

  /** Takes bytes; false if there are not so many left. */
  boolean take(long bytes) {
    taken += bytes;
    return taken <= most;
  }

  /** The longest string, in characters: it is held two or three times while it is read. */
  long longestString() {
    return most / 8;
  }

  String refusal(String part) {
    return "the %s needs more than a quarter of the heap, %d MiB; give the virtual machine more, as with -Xmx"
        .formatted(part, most >> 20);
  }
}
