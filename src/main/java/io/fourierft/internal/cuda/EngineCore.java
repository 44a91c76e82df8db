package io.fourierft.internal.cuda;

import io.fourierft.internal.cuda.ffm.Cufft;
import org.jspecify.annotations.Nullable;

/**
 * What all operations of one engine share.
 *
 * @param context the device's primary context
 * @param cufft the transforms
 * @param callbacks what is linked into them, or null if that was not asked for
 * @param kernels the loaded kernels
 * @param adapters what the device holds of adapters
 * @param budget how much scratch memory a call may take
 */
record EngineCore(
    CudaContext context,
    Cufft cufft,
    @Nullable CallbackImages callbacks,
    KernelModule kernels,
    ResidentAdapters adapters,
    MemoryBudget budget) {}
