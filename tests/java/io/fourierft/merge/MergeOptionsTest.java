package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.fourierft.Randperm;
import io.fourierft.peft.ResolveOptions;
import org.junit.jupiter.api.Test;

/** How adapters are read is asked for by a merge's options too. */
class MergeOptionsTest {
  private static final MergeOptions DEFAULTS = MergeOptions.defaults();

  @Test
  void howAdaptersAreReadIsPassedOn() {
    ResolveOptions resolve =
        DEFAULTS.withAutocastAdapterDtype(false).withRandperm(Randperm.LEGACY).resolve();
    assertFalse(resolve.autocastAdapterDtype());
    assertEquals(Randperm.LEGACY, resolve.randperm());
    assertEquals(DEFAULTS.resolve().layouts(), resolve.layouts());
    assertEquals(DEFAULTS, DEFAULTS.withResolve(resolve).withResolve(DEFAULTS.resolve()));
  }
}
