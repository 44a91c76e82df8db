package io.fourierft.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe;
import io.fourierft.EngineSelection;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fourierft doctor}: what this machine offers, and why each engine is or is not used. */
@Command(
    name = "doctor",
    header = "Shows the engines of this machine, and why each is or is not used.",
    mixinStandardHelpOptions = true,
    description = "Ends with 1 where no engine can be had that was asked for.",
    footerHeading = Main.EXAMPLES,
    footer = {"  fourierft doctor", "  fourierft doctor --json"})
final class DoctorCommand implements Callable<Integer> {
  @Mixin private ReportMixin report;

  @Override
  public Integer call() {
    EngineSelection survey = EngineSelection.survey(EngineOptions.defaults());
    if (report.isJson()) {
      report.print(asJson(survey));
    } else {
      print(report.out(), survey);
    }
    return survey.taken().isPresent() ? 0 : Main.FAILURE;
  }

  private static void print(PrintWriter out, EngineSelection survey) {
    out.println("fourierft  " + BuildVersion.number());
    out.println("Java       " + Runtime.version() + ", " + property("java.vendor"));
    out.println("           " + property("java.home"));
    out.println(
        "Machine    %s %s, %d processors, heap up to %d MiB"
            .formatted(
                property("os.name"),
                property("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20));
    out.println("Asked for  " + survey.requested());
    for (EngineProbe probe : survey.probes()) {
      out.println();
      switch (probe) {
        case EngineProbe.Available available -> {
          out.println(
              available.engine()
                  + ": available"
                  + (isTaken(available, survey) ? ", used" : ", not used"));
          available.details().forEach(detail -> out.println("  " + detail));
        }
        case EngineProbe.Unavailable unavailable -> {
          out.println(
              unavailable.engine()
                  + ": not available"
                  + (unavailable.gpuPresent() ? ", although there is a GPU" : ""));
          for (EngineProbe.Obstacle obstacle : unavailable.obstacles()) {
            out.println("  " + obstacle.what() + ": " + obstacle.found());
            out.println("    " + obstacle.remedy());
          }
        }
      }
    }
  }

  private static ObjectNode asJson(EngineSelection survey) {
    ObjectNode root = Json.object();
    root.put("command", "doctor");
    root.put("version", BuildVersion.number());
    root.put("java", Runtime.version().toString());
    root.put("os", property("os.name") + " " + property("os.arch"));
    root.put("processors", Runtime.getRuntime().availableProcessors());
    root.put("requested", survey.requested());
    ArrayNode engines = root.putArray("engines");
    for (EngineProbe probe : survey.probes()) {
      ObjectNode engine = engines.addObject();
      engine.put("name", probe.engine());
      engine.put("used", isTaken(probe, survey));
      switch (probe) {
        case EngineProbe.Available available -> {
          engine.put("available", true);
          available.details().forEach(engine.putArray("details")::add);
        }
        case EngineProbe.Unavailable unavailable -> {
          engine.put("available", false);
          engine.put("gpu_present", unavailable.gpuPresent());
          ArrayNode obstacles = engine.putArray("obstacles");
          for (EngineProbe.Obstacle obstacle : unavailable.obstacles()) {
            obstacles
                .addObject()
                .put("what", obstacle.what())
                .put("found", obstacle.found())
                .put("remedy", obstacle.remedy());
          }
        }
      }
    }
    return root;
  }

  private static boolean isTaken(EngineProbe probe, EngineSelection survey) {
    return survey.taken().filter(probe::equals).isPresent();
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }
}
