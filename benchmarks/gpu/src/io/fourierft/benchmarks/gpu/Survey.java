package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what the device and the libraries are: {@code Survey environment.json}. */
final class Survey {
  private Survey() {}

  public static void main(String[] arguments) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode facts = json.createObjectNode();
    Device.open().describe(facts);
    json.writerWithDefaultPrettyPrinter().writeValue(Path.of(arguments[0]).toFile(), facts);
    System.out.println(facts.toPrettyString());
  }
}
