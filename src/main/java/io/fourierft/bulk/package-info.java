/**
 * Many adapters of one base at once: their ΔW, merged models, norms and similarities. The base is
 * opened once, adapters of equal shapes are computed together, outputs are written while others are
 * computed, and each appears under its name when it is whole.
 *
 * {@snippet :
 * import io.fourierft.FourierEngine;
 * import io.fourierft.bulk.*;
 * import io.fourierft.peft.ResolveOptions;
 * import java.nio.file.Path;
 * import java.util.List;
 *
 * Path base = Path.of("examples/tiny-llama");
 * List<AdapterSet> adapters = AdapterSets.inFolder(Path.of("examples/adapters"));
 * BulkOptions options = BulkOptions.defaults().withOverwrite(true);
 * try (DeltaJob job = DeltaJob.plan(
 *         base, adapters, Path.of("target/deltas-example"), ResolveOptions.defaults(), options);
 *     FourierEngine engine = FourierEngine.create()) {
 *   BulkResult result = job.run(engine, BulkListener.NONE);
 *   for (BulkOutcome outcome : result.outcomes()) {
 *     System.out.println(outcome.output() + " has " + outcome.tensors() + " deltas");
 *   }
 * }
 * SimilarityMatrix similar = SimilarityMatrix.of(base, adapters, ResolveOptions.defaults());
 * System.out.println("cosine of the two: " + similar.cosine(0, 1));
 * }
 */
@NullMarked
package io.fourierft.bulk;

import org.jspecify.annotations.NullMarked;
