package io.fourierft.internal.cuda.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.internal.files.ffm.RenameExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the jar tells GraalVM's native-image is all that it needs: every shape of a call of C, every
 * provider of a service, every resource.
 */
class ReachabilityMetadataTest {
  private static final String METADATA =
      "/META-INF/native-image/io.fourierft/fourierft/reachability-metadata.json";
  private static final Path RESOURCES =
      Path.of(System.getProperty("fourierft.project.dir", "."), "src/main/resources");

  @Test
  void holdsEveryShapeOfACallOfC() throws Exception {
    Set<String> bound = new TreeSet<>();
    SymbolLookup everything = symbol -> Optional.of(MemorySegment.ofAddress(4096));
    for (NativeFunctions functions :
        List.of(
            new DriverFunctions(everything, "libcuda"),
            new CublasFunctions(everything, "libcublas"),
            new CufftFunctions(everything, "libcufft"),
            new NvrtcFunctions(everything, "libnvrtc"))) {
      for (Field field : functions.getClass().getDeclaredFields()) {
        if (field.getType() == MethodHandle.class) {
          field.setAccessible(true);
          bound.add(shape(((MethodHandle) field.get(functions)).type()));
        }
      }
    }
    for (Field field : RenameExchange.class.getDeclaredFields()) {
      if (field.getType() == FunctionDescriptor.class && Modifier.isStatic(field.getModifiers())) {
        field.setAccessible(true);
        bound.add(shape(((FunctionDescriptor) field.get(null)).toMethodType()));
      }
    }
    Set<String> told = new TreeSet<>();
    for (JsonNode call : metadata().path("foreign").path("downcalls")) {
      assertEquals(Set.of("returnType", "parameterTypes"), names(call));
      List<String> parameters = new ArrayList<>();
      call.path("parameterTypes").forEach(type -> parameters.add(type.asText()));
      assertTrue(
          told.add(call.path("returnType").asText() + parameters), "told twice: " + parameters);
    }
    assertEquals(bound, told);
  }

  /** Everything that binds C functions is asked above. */
  @Test
  void noOtherClassBindsAFunction() throws IOException {
    Path sources = RESOURCES.resolveSibling("java");
    try (Stream<Path> files = Files.walk(sources)) {
      List<String> binding =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> read(file).contains("downcallHandle("))
              .map(file -> file.getFileName().toString())
              .sorted()
              .toList();
      assertEquals(List.of("NativeFunctions.java", "RenameExchange.java"), binding);
      try (Stream<Path> again = Files.walk(sources)) {
        assertEquals(
            List.of(
                "CublasFunctions.java",
                "CufftFunctions.java",
                "DriverFunctions.java",
                "NvrtcFunctions.java"),
            again
                .filter(file -> file.toString().endsWith(".java"))
                .filter(file -> read(file).contains("extends NativeFunctions"))
                .map(file -> file.getFileName().toString())
                .sorted()
                .toList());
      }
    }
  }

  @Test
  void holdsEveryProviderOfAService() throws IOException {
    Set<String> told = new TreeSet<>();
    for (JsonNode type : metadata().path("reflection")) {
      assertEquals("<init>", type.path("methods").path(0).path("name").asText());
      assertEquals(0, type.path("methods").path(0).path("parameterTypes").size());
      told.add(type.path("type").asText());
    }
    Set<String> provided = new TreeSet<>();
    try (Stream<Path> files = Files.list(RESOURCES.resolve("META-INF/services"))) {
      for (Path file : files.toList()) {
        provided.addAll(Files.readAllLines(file));
      }
    }
    assertEquals(provided, told);
    String descriptor = read(RESOURCES.resolveSibling("java").resolve("module-info.java"));
    for (String provider : provided) {
      assertTrue(descriptor.contains(provider), "module-info provides " + provider);
    }
  }

  @Test
  void holdsEveryResource() throws IOException {
    List<PathMatcher> globs = new ArrayList<>();
    for (JsonNode resource : metadata().path("resources")) {
      assertEquals(Set.of("glob"), names(resource));
      globs.add(FileSystems.getDefault().getPathMatcher("glob:" + resource.path("glob").asText()));
    }
    Set<Path> resources = new TreeSet<>();
    try (Stream<Path> files = Files.walk(RESOURCES.resolve("io"))) {
      files.filter(Files::isRegularFile).map(RESOURCES::relativize).forEach(resources::add);
    }
    resources.add(Path.of("io/fourierft/internal/cuda/source/fourierft.cu"));
    resources.add(Path.of("META-INF/fourierft/cuda/fourierft.fatbin"));
    for (Path resource : resources) {
      assertTrue(globs.stream().anyMatch(glob -> glob.matches(resource)), resource.toString());
    }
    for (PathMatcher glob : globs) {
      assertTrue(resources.stream().anyMatch(glob::matches), "a glob that nothing matches");
    }
  }

  private static JsonNode metadata() throws IOException {
    try (InputStream in = ReachabilityMetadataTest.class.getResourceAsStream(METADATA)) {
      JsonNode metadata = new ObjectMapper().readTree(in);
      assertEquals(Set.of("foreign", "reflection", "resources"), names(metadata));
      return metadata;
    }
  }

  private static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As the metadata names types: Java's with a j, and one kind of pointer. */
  private static String shape(MethodType type) {
    return nativeName(type.returnType())
        + type.parameterList().stream().map(ReachabilityMetadataTest::nativeName).toList();
  }

  private static String nativeName(Class<?> carrier) {
    if (carrier == MemorySegment.class) {
      return "void*";
    }
    assertTrue(carrier.isPrimitive(), carrier.toString());
    return "j" + carrier.getName();
  }
}
