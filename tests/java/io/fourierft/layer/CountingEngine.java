package io.fourierft.layer;

import io.fourierft.CostModel;
import io.fourierft.FourierEngine;
import io.fourierft.TokenSpectrum;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An engine that passes its calls on, counts them, and keeps what it gave out. */
final class CountingEngine {
  private final FourierEngine real;
  private final Map<String, Integer> calls = new HashMap<>();
  private final List<TokenSpectrum> spectra = new ArrayList<>();
  private int mostSpectra = Integer.MAX_VALUE;

  CountingEngine(FourierEngine real) {
    this.real = real;
  }

  /** To be used instead of the real one. */
  FourierEngine engine() {
    return (FourierEngine)
        Proxy.newProxyInstance(
            CountingEngine.class.getClassLoader(),
            new Class<?>[] {FourierEngine.class},
            (proxy, method, arguments) -> pass(method, arguments));
  }

  private Object pass(Method method, Object[] arguments) throws Throwable {
    calls.merge(method.getName(), 1, Integer::sum);
    if (method.getName().equals("newTokenSpectrum") && spectra.size() == mostSpectra) {
      throw new IllegalStateException("no more memory");
    }
    try {
      Object result = method.invoke(real, arguments);
      if (result instanceof TokenSpectrum spectrum) {
        spectra.add(spectrum);
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Calls of a method so far. */
  int calls(String method) {
    return calls.getOrDefault(method, 0);
  }

  /** The transforms that were asked for. */
  List<TokenSpectrum> spectra() {
    return spectra;
  }

  /** Lets asking for more of them fail. */
  void allowSpectra(int most) {
    mostSpectra = most;
  }

  /** By these figures a ΔW is always faster. */
  static CostModel dense() {
    return new CostModel(1e6, 0, 0, 0, 0, 0, 0, 0, 0, 0, "a test");
  }

  /** By these figures a ΔW that is there is always faster, and one that is not never. */
  static CostModel denseUnlessBuilt() {
    return new CostModel(1e6, 0, 0, 0, 1e12, 0, 0, 0, 0, 0, "a test");
  }
}
