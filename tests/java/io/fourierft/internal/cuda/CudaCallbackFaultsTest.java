package io.fourierft.internal.cuda;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@link CudaFaultsTest} with cuFFT's callbacks. */
@Tag("emulated-cuda")
@ExtendWith(CallbacksOn.class)
class CudaCallbackFaultsTest extends CudaFaultsTest {}
