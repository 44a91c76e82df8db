package io.fourierft.internal.cuda.memory;

import io.fourierft.FourierException;
import io.fourierft.internal.cuda.device.CudaContext;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Small tables of launches on the device, found again by their contents, so that a repeated step
 * uploads nothing. Belongs to one stream, in whose order a table that was given up is overwritten.
 * Not thread-safe.
 */
public final class TableCache implements AutoCloseable {
  private final CudaContext context;
  private final StagingRing staging;
  private final int capacity;
  private final Map<TableContents, DeviceBlock> tables = new LinkedHashMap<>(16, 0.75f, true);

  public TableCache(CudaContext context, StagingRing staging, int capacity) {
    this.context = context;
    this.staging = staging;
    this.capacity = capacity;
  }

  /** Device address of a copy of {@code contents}. */
  public long pointer(TableContents contents, boolean recording) {
    DeviceBlock known = tables.get(contents);
    if (known != null) {
      return known.pointer();
    }
    if (recording) {
      throw new FourierException(
          "the recorded work needs other tables the second time; it must do the same each time");
    }
    byte[] bytes = contents.bytes();
    DeviceBlock block = roomFor(bytes.length);
    boolean stored = false;
    try {
      staging.upload(
          HostBytes.whole(MemorySegment.ofArray(bytes)),
          DeviceBytes.range(block.pointer(), bytes.length));
      tables.put(contents, block);
      stored = true;
      return block.pointer();
    } finally {
      if (!stored) {
        block.close();
      }
    }
  }

  private DeviceBlock roomFor(long bytes) {
    if (tables.size() >= capacity) {
      Iterator<DeviceBlock> eldest = tables.values().iterator();
      DeviceBlock victim = eldest.next();
      eldest.remove();
      if (victim.bytes() >= bytes) {
        return victim;
      }
      victim.close();
    }
    return DeviceBlock.allocate(context, bytes);
  }

  /** Gives all tables back; later ones are uploaded anew. */
  public void clear() {
    tables.values().forEach(DeviceBlock::close);
    tables.clear();
  }

  @Override
  public void close() {
    clear();
  }
}
