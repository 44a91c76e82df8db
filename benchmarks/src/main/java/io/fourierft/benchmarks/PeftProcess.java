package io.fourierft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.benchmarks.Contestant.Role;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * PEFT itself, in a Python process that {@code peft/peft_peer.py} runs: one JSON request a line,
 * one JSON answer a line. It takes its own times, and waits for the next request between them, so
 * that its samples alternate with the others'.
 */
final class PeftProcess implements AutoCloseable {
  static final String NAME = "PEFT";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter requests;
  private final String description;

  private PeftProcess(Process process) throws IOException {
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    String hello = answers.readLine();
    if (hello == null) {
      throw new IOException("the Python ended at once; is peft installed? set FOURIERFT_PYTHON");
    }
    JsonNode greeting = JSON.readTree(hello);
    if (greeting.has("error")) {
      throw new IOException(greeting.get("error").asText());
    }
    this.description = greeting.get("description").asText();
  }

  /**
   * Starts the Python that {@code FOURIERFT_PYTHON} names, else {@code python3}.
   *
   * @throws IOException with the reason if there is none, or it has no peft
   */
  static PeftProcess start(int threads) throws IOException {
    String named = System.getenv("FOURIERFT_PYTHON");
    String python = named == null || named.isBlank() ? "python3" : named;
    Path script = Home.folder().resolve("peft/peft_peer.py");
    Process process =
        new ProcessBuilder(python, script.toString(), "--threads", Integer.toString(threads))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      return new PeftProcess(process);
    } catch (IOException e) {
      process.destroy();
      throw new IOException(python + ": " + e.getMessage(), e);
    }
  }

  String description() {
    return description;
  }

  /**
   * A workload by its name in the script.
   *
   * @param work {@code delta}, {@code adapter}, {@code adapter_training}, {@code layer}, {@code
   *     layer_training}, {@code base} or {@code creation}
   */
  Contestant contestant(String work, Workload workload) {
    String name = work.startsWith("layer") ? "PEFT whole layer" : NAME;
    ask(preparation(work, workload));
    return new Remote(name, this);
  }

  /**
   * A step of training over several layers.
   *
   * @param name its column
   * @param work {@code training_step}, or {@code lora_step} for LoRA of rank 8
   */
  Contestant trainingStep(String name, String work, Workload workload, int layers) {
    Map<String, Object> request = preparation(work, workload);
    request.put("layers", layers);
    ask(request);
    return new Remote(name, this);
  }

  private static Map<String, Object> preparation(String work, Workload workload) {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("request", "prepare");
    request.put("work", work);
    request.put("rows", workload.rows());
    request.put("cols", workload.cols());
    request.put("n", workload.n());
    request.put("tokens", workload.tokens());
    request.put("seed", Workload.SEED);
    request.put("scaling", Workload.SCALING);
    return request;
  }

  @Override
  public void close() {
    try {
      requests.close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroy();
      }
    } catch (IOException e) {
      process.destroy();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode ask(Map<String, Object> request) {
    try {
      requests.write(JSON.writeValueAsString(request));
      requests.newLine();
      requests.flush();
      String line = answers.readLine();
      if (line == null) {
        throw new IOException("the PEFT process ended");
      }
      JsonNode answer = JSON.readTree(line);
      if (answer.has("error")) {
        throw new IOException("PEFT: " + answer.get("error").asText());
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The workload that was prepared last. */
  private record Remote(String name, PeftProcess peft) implements Contestant {
    @Override
    public Role role() {
      return Role.PEER;
    }

    @Override
    public double sampleNanos(int repetitions) {
      return peft.ask(Map.of("request", "sample", "repetitions", repetitions))
          .get("nanos")
          .asDouble();
    }

    @Override
    public List<float[]> output() {
      List<float[]> parts = new ArrayList<>();
      for (JsonNode part : peft.ask(Map.of("request", "output")).get("parts")) {
        ByteBuffer bytes =
            ByteBuffer.wrap(Base64.getDecoder().decode(part.asText()))
                .order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        parts.add(values);
      }
      return parts;
    }

    @Override
    public void close() {
      var unused = peft.ask(Map.of("request", "release"));
    }
  }
}
