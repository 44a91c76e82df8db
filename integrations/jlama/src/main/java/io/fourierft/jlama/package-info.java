/** FourierFT adapters in Jlama's models, added while their weights are read. */
@NullMarked
package io.fourierft.jlama;

import org.jspecify.annotations.NullMarked;
