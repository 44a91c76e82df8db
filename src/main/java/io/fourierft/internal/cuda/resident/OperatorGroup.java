package io.fourierft.internal.cuda.resident;

import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.LastUse;
import io.fourierft.internal.cuda.memory.Pinnable;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.memory.TableContents;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The operators of several adapters in one form, as one stream found them: the table for the
 * kernel, and the memory that it points into. Looked up again by the adapters as a whole, so that a
 * repeated batch costs the same for many as for one. Does not keep the adapters alive.
 */
public final class OperatorGroup implements Pinnable {
  private final List<WeakReference<FourierAdapter>> members;
  private final Set<ResidentTable> parts;
  private final List<DeviceBlock> foreign;
  private final TableContents contents;
  private final long[] addresses;
  private final AtomicInteger pins = new AtomicInteger();
  private boolean stale;

  /**
   * A group that was just looked up.
   *
   * @param parts the tables that the contents point into
   * @param foreign memory that they point into and that somebody else owns
   * @param contents one struct for each adapter
   * @param addresses where the table of each adapter's places is on the device
   */
  OperatorGroup(
      List<FourierAdapter> members,
      Set<ResidentTable> parts,
      List<DeviceBlock> foreign,
      TableContents contents,
      long[] addresses) {
    this.members = members.stream().map(WeakReference::new).toList();
    this.parts = parts;
    this.foreign = foreign;
    this.contents = contents;
    this.addresses = addresses;
  }

  /** One struct for each adapter. */
  public TableContents contents() {
    return contents;
  }

  /** Device address of the table of an adapter's places. */
  public long address(int adapter) {
    return addresses[adapter];
  }

  List<DeviceBlock> foreign() {
    return foreign;
  }

  List<WeakReference<FourierAdapter>> members() {
    return members;
  }

  Set<ResidentTable> parts() {
    return parts;
  }

  /** Whether it is the group of these very adapters and points into memory that is there. */
  boolean isOf(List<FourierAdapter> adapters) {
    if (stale || adapters.size() != members.size()) {
      return false;
    }
    for (int i = 0; i < adapters.size(); i++) {
      if (!members.get(i).refersTo(adapters.get(i))) {
        return false;
      }
    }
    return true;
  }

  boolean has(FourierAdapter adapter) {
    return members.stream().anyMatch(member -> member.refersTo(adapter));
  }

  /** From now on it is nobody's group. */
  void retire() {
    stale = true;
  }

  boolean isPinned() {
    return pins.get() > 0;
  }

  /** The stream is a user of every part already, since it looked them up. */
  @Override
  public void pin(LastUse user) {
    pins.incrementAndGet();
  }

  @Override
  public void unpin() {
    pins.decrementAndGet();
  }

  /** The stream waited for every part when it looked them up. */
  @Override
  public void orderBefore(long stream) {}

  @Override
  public void settle() {
    parts.forEach(ResidentTable::settle);
  }
}
