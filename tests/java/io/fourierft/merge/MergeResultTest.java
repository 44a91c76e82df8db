package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.AdditionReport;
import io.fourierft.merge.MergeResult.EditKind;
import io.fourierft.merge.MergeResult.PlannedEdit;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a merge tells is in the order of layers; files have layer 10 before layer 2. */
class MergeResultTest {
  @Test
  void layersAreInTheirOrderAndAdaptersInTheirs() {
    AdditionReport report = new AdditionReport(1, 1, 1, 0, 0, 0);
    MergeResult result =
        new MergeResult(
            Path.of("out"),
            List.of("model.safetensors"),
            4,
            List.of(
                new PlannedEdit("layers.10.q", "poet", EditKind.DELTA, 1),
                new PlannedEdit("layers.2.q", "poet", EditKind.DELTA, 1),
                new PlannedEdit("layers.2.q", "coder", EditKind.DELTA, 1)),
            List.of(
                new TensorChange("layers.10.q", "poet", report),
                new TensorChange("layers.2.q", "poet", report),
                new TensorChange("layers.2.q", "coder", report)),
            0,
            List.of(),
            Optional.empty());
    assertEquals(
        List.of("layers.2.q poet", "layers.2.q coder", "layers.10.q poet"),
        result.edits().stream().map(edit -> edit.tensor() + " " + edit.adapter()).toList());
    assertEquals(
        List.of("layers.2.q poet", "layers.2.q coder", "layers.10.q poet"),
        result.changes().stream().map(change -> change.tensor() + " " + change.adapter()).toList());
  }
}
