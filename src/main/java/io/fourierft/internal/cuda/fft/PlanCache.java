package io.fourierft.internal.cuda.fft;

import io.fourierft.cuda.CufftException;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.Callback;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.GrowingBlock;
import io.fourierft.internal.cuda.struct.CallbackInfoStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The plans of one stream, the least recently used given up first, and the work area that they
 * share: only one runs at a time, since a stream runs its work in order. Not thread-safe.
 */
public final class PlanCache implements AutoCloseable {
  private static final long LEAST_WORK_BYTES = 256;

  private final CudaContext context;
  private final Cufft cufft;
  private final long stream;
  private final @Nullable CallbackImages callbacks;
  private final int capacity;
  private final GrowingBlock workArea;
  private final Map<PlanKey, Plan> plans = new LinkedHashMap<>(16, 0.75f, true);

  /** Plans that could not be freed; tried again with all others. */
  private final List<Integer> refused = new ArrayList<>();

  private long made;
  private long executions;

  public PlanCache(
      CudaContext context,
      Cufft cufft,
      @Nullable CallbackImages callbacks,
      long stream,
      int capacity) {
    this.context = context;
    this.cufft = cufft;
    this.callbacks = callbacks;
    this.stream = stream;
    this.capacity = capacity;
    this.workArea = new GrowingBlock(context);
  }

  /** Makes a plan and gets the work area for it, so that {@link #execute} allocates nothing. */
  public void prepare(PlanKey key) {
    provide(plan(key));
  }

  /** Transforms {@code input} to {@code output}, which are the same for the kinds in place. */
  public void execute(PlanKey key, long input, long output) {
    Plan plan = plan(key);
    provide(plan);
    executions++;
    switch (key.kind()) {
      case COMPLEX_2D, COMPLEX_LINES, CALLBACK_COLUMNS ->
          cufft.execC2C(plan.handle, input, output, Cufft.INVERSE);
      case REAL_TO_HALF_2D, REAL_TO_HALF_LINES, REAL_TO_HALF_LINES_IN_PLACE ->
          cufft.execR2C(plan.handle, input, output);
      case HALF_TO_REAL_2D,
          HALF_TO_REAL_2D_IN_PLACE,
          HALF_TO_REAL_LINES,
          HALF_TO_REAL_LINES_IN_PLACE,
          CALLBACK_2D,
          CALLBACK_ROWS ->
          cufft.execC2R(plan.handle, input, output);
    }
  }

  private void provide(Plan plan) {
    // Even a plan that needs none is given an area: without its own, cuFFT runs no plan that has
    // none.
    long area = workArea.atLeast(Math.max(plan.workBytes, LEAST_WORK_BYTES));
    if (area != plan.workArea) {
      cufft.setWorkArea(plan.handle, area);
      plan.workArea = area;
    }
  }

  /**
   * Fills the caller info of a plan with callbacks for the executions that follow, unless it holds
   * the same already.
   *
   * @param info what they know
   * @param upload gives the device address of a copy of it
   */
  public void bind(PlanKey key, CallbackInfoStruct info, ToLongFunction<byte[]> upload) {
    Plan plan = plan(key);
    DeviceBlock block = plan.callerInfo;
    if (block == null) {
      throw new IllegalStateException(key + " has no callbacks");
    }
    if (!info.equals(plan.bound)) {
      plan.bound = null;
      long copy = upload.applyAsLong(StructTable.of(info));
      context.driver().memcpyDtoDAsync(block.pointer(), copy, block.bytes(), stream);
      plan.bound = info;
    }
  }

  /** Plans made so far. */
  public long made() {
    return made;
  }

  /** Plans executed so far. */
  public long executions() {
    return executions;
  }

  /** Plans kept now. */
  int size() {
    return plans.size();
  }

  private Plan plan(PlanKey key) {
    Plan known = plans.get(key);
    if (known != null) {
      return known;
    }
    while (plans.size() >= capacity) {
      Iterator<Plan> eldest = plans.values().iterator();
      Plan victim = eldest.next();
      // Work of the victim may still be queued; a plan's own tables must outlive it.
      context.driver().streamSynchronize(stream);
      eldest.remove();
      destroy(victim);
    }
    Plan plan = new Plan(cufft.create());
    boolean made = false;
    try {
      cufft.setAutoAllocation(plan.handle, false);
      setCallbacks(plan, key.kind().callbacks());
      plan.workBytes = cufft.makePlanMany64(plan.handle, key.layout());
      cufft.setStream(plan.handle, stream);
      plans.put(key, plan);
      this.made++;
      made = true;
      return plan;
    } finally {
      if (!made) {
        destroy(plan);
      }
    }
  }

  private void setCallbacks(Plan plan, List<Callback> wanted) {
    if (wanted.isEmpty()) {
      return;
    }
    CallbackImages images = callbacks;
    if (images == null) {
      throw new IllegalStateException("callbacks are off");
    }
    DeviceBlock block = DeviceBlock.allocate(context, CallbackInfoStruct.LAYOUT.byteSize());
    plan.callerInfo = block;
    plan.callerInfos = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_LONG, block.pointer());
    for (Callback callback : wanted) {
      images.set(cufft, plan.handle, callback, plan.callerInfos);
    }
  }

  /** Also where the device is lost: what a plan holds of the host's memory is not. */
  private void destroy(Plan plan) {
    try {
      cufft.destroy(plan.handle);
    } catch (CufftException e) {
      System.Logger.Level level =
          context.isLost() ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
      System.getLogger(PlanCache.class.getName()).log(level, e.getMessage());
      refused.add(plan.handle);
    }
    DeviceBlock block = plan.callerInfo;
    if (block != null) {
      block.close();
    }
  }

  /** Gives all plans and the work area back, as when memory is short; more can be made after. */
  public void clear() {
    context.quietly(() -> context.driver().streamSynchronize(stream));
    if (!context.quietly(this::destroyAll)) {
      // The device is lost, or the context cannot be made current: a plan goes without it too.
      destroyAll();
    }
    workArea.close();
  }

  private void destroyAll() {
    List<Integer> again = List.copyOf(refused);
    refused.clear();
    again.forEach(handle -> destroy(new Plan(handle)));
    for (Iterator<Plan> each = plans.values().iterator(); each.hasNext(); ) {
      Plan plan = each.next();
      each.remove();
      destroy(plan);
    }
  }

  @Override
  public void close() {
    clear();
    if (!refused.isEmpty()) {
      destroyAll();
    }
  }

  /** One cuFFT plan, where its work area was last said to be, and what its callbacks know. */
  private static final class Plan {
    final int handle;
    long workBytes;
    long workArea;
    @Nullable DeviceBlock callerInfo;
    @Nullable MemorySegment callerInfos;
    @Nullable CallbackInfoStruct bound;

    Plan(int handle) {
      this.handle = handle;
    }
  }
}
