/** CPU kernels on {@code jdk.incubator.vector}: loaded only where that module is enabled. */
@NullMarked
package io.fourierft.internal.cpu.simd;

import org.jspecify.annotations.NullMarked;
