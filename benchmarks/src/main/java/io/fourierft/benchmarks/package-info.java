/** Times the engines against libtorch, PEFT and FFTW, and writes tables and plots of it. */
@NullMarked
package io.fourierft.benchmarks;

import org.jspecify.annotations.NullMarked;
