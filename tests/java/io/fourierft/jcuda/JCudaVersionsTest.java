package io.fourierft.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.internal.cuda.EmulatedCuda;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * {@link JCudaSharingTest} with the classes of the newest JCuda, 12.6.0, instead of those that the
 * library is compiled against.
 */
@Tag("emulated-cuda")
class JCudaVersionsTest {
  private static URLClassLoader newest;

  /** Loads JCuda, and what touches it, anew; everything else is that of the tests. */
  private static final class Newest extends URLClassLoader {
    Newest(URL... urls) {
      super(urls, JCudaVersionsTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      boolean anew =
          name.startsWith("jcuda.")
              || name.startsWith("io.fourierft.jcuda.")
              || name.startsWith("io.fourierft.internal.jcuda.");
      if (!anew) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        return known == null ? findClass(name) : known;
      }
    }
  }

  @BeforeAll
  static void load() throws Exception {
    EmulatedCuda.require();
    Path project = Path.of(System.getProperty("fourierft.project.dir", "."));
    Path jar = project.resolve("target/jcuda/jcuda-12.6.0.jar").toAbsolutePath();
    assumeTrue(Files.exists(jar), () -> jar + " is not there; Maven copies it");
    newest =
        new Newest(jar.toUri().toURL(), home(JCudaSharing.class), home(JCudaSharingTest.class));
  }

  private static URL home(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation();
  }

  @AfterAll
  static void unload() throws Exception {
    if (newest != null) {
      newest.close();
    }
  }

  @TestFactory
  Stream<DynamicTest> sharing() throws Exception {
    Class<?> tests = newest.loadClass(JCudaSharingTest.class.getName());
    assertNotSame(JCudaSharingTest.class, tests);
    Class<?> pointer = newest.loadClass("jcuda.Pointer");
    assertEquals(newest, pointer.getClassLoader());
    List<Method> methods = new ArrayList<>();
    for (Method method : tests.getDeclaredMethods()) {
      if (method.isAnnotationPresent(Test.class)) {
        methods.add(method);
      }
    }
    assertFalse(methods.isEmpty());
    return methods.stream()
        .map(method -> DynamicTest.dynamicTest(method.getName(), () -> run(tests, method)));
  }

  private static void run(Class<?> tests, Method method) throws Throwable {
    Constructor<?> constructor = tests.getDeclaredConstructor();
    constructor.setAccessible(true);
    Object instance = constructor.newInstance();
    call(instance, tests.getDeclaredMethod("open"));
    try {
      call(instance, method);
    } finally {
      call(instance, tests.getDeclaredMethod("close"));
    }
  }

  private static void call(Object instance, Method method) throws Throwable {
    method.setAccessible(true);
    assertEquals(0, method.getParameterCount(), () -> Arrays.toString(method.getParameters()));
    try {
      method.invoke(instance);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
