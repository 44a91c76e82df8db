/**
 * Adapters as HuggingFace PEFT keeps them: {@code adapter_config.json}, {@code
 * adapter_model.safetensors}, and which modules of a base model they belong to.
 *
 * <p>{@link io.fourierft.peft.PeftAdapter#open} reads a directory, {@link
 * io.fourierft.peft.PeftAdapter#resolve} binds it to a base model and gives one {@link
 * io.fourierft.FourierAdapter} for each layer, {@link io.fourierft.peft.PeftAdapterWriter} writes a
 * directory that PEFT loads. Where PEFT is silently wrong (a spectrum that is missing or left over,
 * a key that no module takes) this package refuses; where it only departs from what a file says, it
 * adds a sentence to the notes of the result. It never logs.
 *
 * {@snippet :
 * import io.fourierft.peft.*;
 * import java.nio.file.Path;
 *
 * BaseModel base = BaseModel.open(Path.of("examples/tiny-llama"));
 * PeftAdapter adapter = PeftAdapter.open(Path.of("examples/adapters/poet"));
 * for (ResolvedModule module : adapter.resolve(base, ResolveOptions.defaults()).modules()) {
 *   System.out.println(String.join(" + ", module.weights()) + ": |dW| = " + module.adapter().deltaNorm());
 * }
 * PeftAdapterWriter.write(adapter, Path.of("target/poet-copy"), true); // PEFT loads it
 * }
 */
@NullMarked
package io.fourierft.peft;

import org.jspecify.annotations.NullMarked;
