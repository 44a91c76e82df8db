/** cuBLAS: where it comes from, and what one stream has of it. */
@NullMarked
package io.fourierft.internal.cuda.blas;

import org.jspecify.annotations.NullMarked;
