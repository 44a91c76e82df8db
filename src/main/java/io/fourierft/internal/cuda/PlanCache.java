package io.fourierft.internal.cuda;

import io.fourierft.cuda.CufftException;
import io.fourierft.internal.cuda.ffm.Cufft;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The plans of one stream, the least recently used given up first, and the work area that they
 * share: only one runs at a time, since a stream runs its work in order. Not thread-safe.
 */
final class PlanCache implements AutoCloseable {
  private static final long LEAST_WORK_BYTES = 256;

  private final CudaContext context;
  private final Cufft cufft;
  private final long stream;
  private final int capacity;
  private final GrowingBlock workArea;
  private final Map<PlanKey, Plan> plans = new LinkedHashMap<>(16, 0.75f, true);

  PlanCache(CudaContext context, Cufft cufft, long stream, int capacity) {
    this.context = context;
    this.cufft = cufft;
    this.stream = stream;
    this.capacity = capacity;
    this.workArea = new GrowingBlock(context);
  }

  /** Bytes of work area that the plan needs; makes the plan. */
  long workBytes(PlanKey key) {
    return plan(key).workBytes;
  }

  /** Transforms {@code input} to {@code output}, which are the same for the kinds in place. */
  void execute(PlanKey key, long input, long output) {
    Plan plan = plan(key);
    // Even a plan that needs none is given an area: without its own, cuFFT runs no plan that has
    // none.
    long area = workArea.atLeast(Math.max(plan.workBytes, LEAST_WORK_BYTES));
    if (area != plan.workArea) {
      cufft.setWorkArea(plan.handle, area);
      plan.workArea = area;
    }
    switch (key.kind()) {
      case COMPLEX_2D, COMPLEX_LINES -> cufft.execC2C(plan.handle, input, output, Cufft.INVERSE);
      case REAL_TO_HALF_2D, REAL_TO_HALF_LINES, REAL_TO_HALF_LINES_IN_PLACE ->
          cufft.execR2C(plan.handle, input, output);
      case HALF_TO_REAL_2D, HALF_TO_REAL_LINES_IN_PLACE ->
          cufft.execC2R(plan.handle, input, output);
    }
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
    int handle = cufft.create();
    boolean made = false;
    try {
      cufft.setAutoAllocation(handle, false);
      long workBytes = key.make(cufft, handle);
      cufft.setStream(handle, stream);
      Plan plan = new Plan(handle, workBytes);
      plans.put(key, plan);
      made = true;
      return plan;
    } finally {
      if (!made) {
        destroy(new Plan(handle, 0));
      }
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
    }
  }

  /** Gives all plans and the work area back, as when memory is short; more can be made after. */
  void clear() {
    context.quietly(() -> context.driver().streamSynchronize(stream));
    if (context.isLost()) {
      plans.values().forEach(this::destroy);
    } else {
      context.quietly(() -> plans.values().forEach(this::destroy));
    }
    plans.clear();
    workArea.close();
  }

  @Override
  public void close() {
    clear();
  }

  /** One cuFFT plan and where its work area was last said to be. */
  private static final class Plan {
    final int handle;
    final long workBytes;
    long workArea;

    Plan(int handle, long workBytes) {
      this.handle = handle;
      this.workBytes = workBytes;
    }
  }
}
