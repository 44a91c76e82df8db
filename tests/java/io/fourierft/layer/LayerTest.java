package io.fourierft.layer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The layer that most tests of a layer use. */
abstract class LayerTest extends OneEngineTest {
  static final int OUT = 20;
  static final int IN = 12;
  static final int N = 25;

  static FourierAdapter adapter(long seed) {
    return LayerSamples.adapter(OUT, IN, N, seed);
  }

  /** A layer of {@code type} with a bias and the adapters named, the first of them active. */
  static FourierLinear layer(ElementType type, FourierLinearOptions options, String... names) {
    assumeTrue(type != ElementType.F64 || LayerSamples.isOnHost(), "a device multiplies no F64");
    FourierLinear layer =
        new FourierLinear(
            engine(),
            LayerSamples.put(LayerSamples.gaussian(type, OUT, IN, 1)),
            LayerSamples.put(LayerSamples.gaussian(type, 1, OUT, 2)),
            options);
    for (String name : names) {
      layer.addAdapter(name, adapter(name.hashCode()));
    }
    return layer;
  }

  /** The formats of layers where they lie. */
  static List<ElementType> types() {
    return Arrays.stream(ElementType.values())
        .filter(type -> type != ElementType.F64 || LayerSamples.isOnHost())
        .toList();
  }

  static FourierLinear layer(String... names) {
    return layer(ElementType.F32, FourierLinearOptions.defaults(), names);
  }

  static HostMatrix input(ElementType type) {
    return LayerSamples.gaussian(type, 7, IN, 3);
  }

  static float[] forward(FourierLinear layer) {
    return LayerSamples.forward(layer, input(layer.weight().elementType()));
  }

  static double error(float[] actual, float[] expected) {
    return LayerSamples.error(actual, expected);
  }

  /** The warnings that {@code action} logs. */
  static List<String> warnings(Runnable action) {
    List<String> messages = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            messages.add(entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(FourierLinear.class.getName());
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      action.run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
    return messages;
  }
}
