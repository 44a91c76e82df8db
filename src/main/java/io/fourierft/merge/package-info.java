/**
 * Merging adapters into whole base models and writing what comes out: one tensor in memory at a
 * time, and nothing under its final name until all of it is written.
 *
 * {@snippet :
 * import io.fourierft.FourierEngine;
 * import io.fourierft.merge.*;
 * import java.nio.file.Path;
 * import java.util.List;
 *
 * Path base = Path.of("examples/tiny-llama");
 * List<Path> adapters = List.of(Path.of("examples/adapters/poet"), Path.of("examples/adapters/coder"));
 * MergeOptions options = MergeOptions.defaults().withSafe(true).withOverwrite(true);
 * try (FourierEngine engine = FourierEngine.create()) {
 *   MergeResult result = ModelMerge.run(
 *       engine, base, adapters, Path.of("target/merged-example"), options, ProgressListener.NONE);
 *   for (TensorChange change : result.changes()) {
 *     System.out.println(change.tensor() + " changed by " + change.report().relativeChange());
 *   }
 * }
 * }
 */
@NullMarked
package io.fourierft.merge;

import org.jspecify.annotations.NullMarked;
