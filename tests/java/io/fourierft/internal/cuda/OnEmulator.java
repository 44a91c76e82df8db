package io.fourierft.internal.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests on the emulated CUDA driver, in the process that has it; skipped where it was not built,
 * and failed where they leave anything on it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Tag("emulated-cuda")
@ExtendWith(EmulatorLeakCheck.class)
public @interface OnEmulator {}
