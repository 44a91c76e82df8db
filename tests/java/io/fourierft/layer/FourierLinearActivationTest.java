package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.AdapterPath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.ElementRuns;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What PEFT's tests assert of adding, activating, disabling and deleting, by number. */
class FourierLinearActivationTest extends LayerTest {
  @Test
  void behaviour17FeatureCountsAreExposed() {
    FourierLinear layer = layer("default");
    assertEquals(IN, layer.inFeatures());
    assertEquals(OUT, layer.outFeatures());
    FourierLinear transposed =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.zeros(IN, OUT)),
            null,
            FourierLinearOptions.defaults().withLayout(WeightLayout.IN_OUT));
    assertEquals(IN, transposed.inFeatures());
    assertEquals(OUT, transposed.outFeatures());
  }

  @Test
  void behaviour18OutputIsFinite() {
    for (float y : forward(layer("default"))) {
      assertTrue(Float.isFinite(y));
    }
  }

  @Test
  void behaviour21DisabledAdaptersLeaveTheBase() {
    FourierLinear layer = layer();
    float[] base = forward(layer);
    layer.addAdapter("zeros", adapter(4).withSpectrum(new float[N]));
    assertArrayEquals(base, forward(layer));
    layer.updateSpectrum("zeros", adapter(4).spectrum());
    float[] trained = forward(layer);
    assertTrue(error(trained, base) > 0.01);
    layer.disableAdapters();
    assertArrayEquals(base, forward(layer));
    layer.enableAdapters();
    assertArrayEquals(trained, forward(layer));
  }

  @Test
  void behaviour22DisablingAMergedLayerUnmergesItForGood() {
    FourierLinear layer = layer("default");
    float[] live = forward(layer);
    float[] base = LayerSamples.floats(layer.weight());
    layer.merge(false);
    assertTrue(error(forward(layer), live) < 1e-6);
    layer.disableAdapters();
    assertTrue(error(LayerSamples.floats(layer.weight()), base) < 1e-6);
    assertEquals(List.of(), layer.mergedAdapters());
    layer.enableAdapters();
    assertTrue(error(forward(layer), live) < 1e-6);
    assertEquals(List.of(), layer.mergedAdapters());
  }

  @Test
  @SuppressWarnings("try") // Closing early, or again, is what is tested.
  void behaviour23LeavingASuspensionRestoresWhatWasBefore() {
    FourierLinear layer = layer("default");
    try (AdapterSuspension outer = layer.suspendAdapters()) {
      assertFalse(layer.adaptersEnabled());
      try (AdapterSuspension inner = layer.suspendAdapters()) {
        assertFalse(layer.adaptersEnabled());
        inner.close();
      }
      assertFalse(layer.adaptersEnabled(), "the inner one found them disabled");
      outer.close();
      assertTrue(layer.adaptersEnabled());
      layer.disableAdapters();
    }
    assertFalse(layer.adaptersEnabled(), "the second close does nothing");
  }

  @Test
  void behaviour24FirstAdapterIsActiveAndAddingKeepsIt() {
    FourierLinear layer = layer("default");
    assertEquals(List.of("default"), layer.activeAdapters());
    layer.addAdapter("other", adapter(5));
    assertEquals(List.of("default"), layer.activeAdapters());
    layer.setActiveAdapters(List.of("other"));
    assertEquals(List.of("other"), layer.activeAdapters());
    layer.setActiveAdapters(List.of("other", "default"));
    assertEquals(List.of("other", "default"), layer.activeAdapters());
    assertEquals(List.of("default", "other"), layer.adapterNames());
  }

  @Test
  void activatingInAMergedLayerUnmergesWithAWarning() {
    FourierLinear layer = layer("a", "b");
    layer.merge(false);
    List<String> warnings = warnings(() -> layer.setActiveAdapters(List.of("b")));
    assertEquals(
        List.of("Adapter cannot be set when the model is merged. Unmerging the model first."),
        warnings);
    assertEquals(List.of(), layer.mergedAdapters());
    assertEquals(List.of("b"), layer.activeAdapters());
  }

  @Test
  void behaviour25AddingANameTwiceIsRefused() {
    FourierLinear layer = layer("b");
    FourierAdapter before = layer.adapter("b");
    AdapterNameException refusal =
        assertThrows(AdapterNameException.class, () -> layer.addAdapter("b", adapter(6)));
    assertEquals("Adapter with name 'b' already exists.", refusal.getMessage());
    assertSame(before, layer.adapter("b"));
    assertThrows(AdapterNameException.class, () -> layer.renameAdapter("b", "b"));
  }

  @Test
  void behaviour26LayersThatLackAnAdapterIgnoreItsName() {
    FourierLinear first = layer("shared", "only first");
    FourierLinear second = layer("shared");
    for (FourierLinear layer : List.of(first, second)) {
      layer.setActiveAdaptersIfPresent(List.of("only first"));
    }
    assertEquals(List.of("only first"), first.activeAdapters());
    assertEquals(List.of(), second.activeAdapters());
    second.setActiveAdaptersIfPresent(List.of("only first", "shared"));
    assertEquals(List.of("shared"), second.activeAdapters());
  }

  @Test
  void behaviour28DeletingChoosesTheNextActiveAdapter() {
    FourierLinear layer = layer("m", "z", "b");
    layer.setActiveAdapters(List.of("m", "z"));
    layer.deleteAdapter("m");
    assertEquals(List.of("z"), layer.activeAdapters());
    layer.addAdapter("y", adapter(7));
    List<String> warnings = warnings(() -> layer.deleteAdapter("z"));
    assertEquals(
        List.of("Adapter z was active which is now deleted. Setting active adapter to b."),
        warnings);
    assertEquals(List.of("b"), layer.activeAdapters());
    layer.deleteAdapter("y");
    assertEquals(List.of("b"), layer.activeAdapters());
    layer.deleteAdapter("b");
    assertEquals(List.of(), layer.activeAdapters());
    assertThrows(AdapterNameException.class, () -> layer.deleteAdapter("b"));
    assertArrayEquals(forward(layer()), forward(layer));
  }

  @Test
  void behaviour29MergedAdapterCannotBeDeleted() {
    FourierLinear layer = layer("a", "b");
    layer.merge(false);
    float[] merged = LayerSamples.floats(layer.weight());
    MergeException refusal = assertThrows(MergeException.class, () -> layer.deleteAdapter("a"));
    assertEquals(
        "Cannot delete adapter(s) ['a'] while they are merged. Please unmerge them first.",
        refusal.getMessage());
    assertEquals(List.of("a", "b"), layer.adapterNames());
    layer.deleteAdapter("b");
    assertArrayEquals(merged, LayerSamples.floats(layer.weight()));
    layer.unmerge();
    layer.deleteAdapter("a");
    assertEquals(List.of(), layer.adapterNames());
  }

  @Test
  void behaviour30NothingOfADeletedAdapterIsLeft() {
    assumeTrue(LayerSamples.isOnHost(), "no ΔW is kept on a device");
    FourierLinear layer =
        layer(
            ElementType.F32,
            FourierLinearOptions.defaults()
                .withPath(AdapterPath.DENSE)
                .withDeltaCacheBytes(1 << 20),
            "a",
            "b");
    layer.setActiveAdapters(List.of("a", "b"));
    var _ = forward(layer);
    assertEquals(2L * OUT * IN * 4, layer.cachedDeltaBytes());
    layer.deleteAdapter("a");
    assertEquals(1L * OUT * IN * 4, layer.cachedDeltaBytes());
    assertEquals(List.of("b"), layer.adapterNames());
    assertEquals(List.of("b"), layer.activeAdapters());
    assertEquals(List.of(), layer.mergedAdapters());
    assertThrows(AdapterNameException.class, () -> layer.adapter("a"));
    layer.addAdapter("a", adapter(9));
    layer.deleteAdapter("b");
    assertEquals(0, layer.cachedDeltaBytes());
  }

  @Test
  void behaviour31ActiveAdaptersAddUp() {
    FourierLinear layer = layer("a", "b");
    Matrix given = layer.weight();
    float[] one = forward(layer);
    layer.setActiveAdapters(List.of("b"));
    float[] other = forward(layer);
    layer.disableAdapters();
    float[] base = forward(layer);
    layer.enableAdapters();
    layer.setActiveAdapters(List.of("a", "b"));
    float[] both = forward(layer);
    float[] sum = new float[base.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = one[i] + other[i] - base[i];
    }
    assertTrue(error(both, sum) < 1e-6);
    assertTrue(error(both, one) > 0.01);
    assertTrue(error(both, other) > 0.01);
    layer.merge(false);
    assertTrue(error(forward(layer), both) < 1e-6);
    layer.unmerge();
    layer.disableAdapters();
    assertTrue(error(forward(layer), base) < 1e-6);
    assertTrue(error(LayerSamples.floats(layer.weight()), LayerSamples.floats(given)) < 1e-6);
  }

  @Test
  void behaviour35DeletingAllAdaptersGivesTheBaseBack() {
    FourierLinear layer = layer("a", "b");
    final Matrix given = layer.weight();
    layer.deleteAdapter("a");
    layer.deleteAdapter("b");
    assertSame(given, layer.weight());
    assertArrayEquals(forward(layer()), forward(layer));
  }

  @Test
  void behaviour36BaseTensorsComeOutAsTheyWentIn() {
    Matrix weight = LayerSamples.put(LayerSamples.gaussian(ElementType.BF16, OUT, IN, 1));
    Matrix bias = LayerSamples.put(LayerSamples.gaussian(ElementType.BF16, 1, OUT, 2));
    FourierLinear layer =
        new FourierLinear(engine(), weight, bias, FourierLinearOptions.defaults());
    layer.addAdapter("a", adapter(4));
    assertSame(weight, layer.weight());
    Matrix out = layer.bias();
    assertTrue(out != null && out.elementType() == ElementType.BF16);
    assertArrayEquals(LayerSamples.floats(bias), LayerSamples.floats(out));
  }

  @Test
  void renamedAdapterKeepsItsPlaceAndState() {
    FourierLinear layer = layer("a", "b");
    float[] before = forward(layer);
    layer.renameAdapter("a", "first");
    assertEquals(List.of("first", "b"), layer.adapterNames());
    assertEquals(List.of("first"), layer.activeAdapters());
    assertArrayEquals(before, forward(layer));
  }

  @Test
  void adapterPartAloneIsAddedToWhatIsThere() {
    FourierLinear layer = layer("a");
    HostMatrix x = input(ElementType.F32);
    HostMatrix y = LayerSamples.zeros(x.rows(), OUT);
    layer.disableAdapters();
    layer.addAdapterOutput(x, y);
    assertArrayEquals(new float[x.rows() * OUT], LayerSamples.floats(y));
    float[] base = LayerSamples.forward(layer, x);
    layer.enableAdapters();
    for (int t = 0; t < x.rows(); t++) {
      new ElementRuns().store(y, t, 0, OUT, base, t * OUT);
    }
    layer.addAdapterOutput(x, y);
    assertTrue(error(LayerSamples.floats(y), LayerSamples.forward(layer, x)) < 1e-6);
  }
}
