package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.EngineOptions;
import io.fourierft.EngineSelection;
import java.io.IOException;
import java.nio.file.Path;

/** Writes what the device and the libraries are: {@code Survey environment.json}. */
final class Survey {
  private Survey() {}

  public static void main(String[] arguments) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode facts = json.createObjectNode();
    Device.open().describe(facts);
    // Before the kernels are built a jar without any says so here.
    facts.put(
        "probe", EngineSelection.survey(EngineOptions.defaults()).probes().getFirst().toString());
    json.writerWithDefaultPrettyPrinter().writeValue(Path.of(arguments[0]).toFile(), facts);
    System.out.println(facts.toPrettyString());
  }
}
