package io.fourierft.internal.cuda.stream;

import io.fourierft.internal.cuda.blas.CublasSupply;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelModule;
import org.jspecify.annotations.Nullable;

/**
 * One device with what runs on it.
 *
 * @param context its primary context
 * @param cufft the transforms
 * @param callbacks what is linked into them, or null if that was not asked for
 * @param cublas where products with dense matrices come from
 * @param kernels the loaded kernels
 */
public record DeviceCore(
    CudaContext context,
    Cufft cufft,
    @Nullable CallbackImages callbacks,
    CublasSupply cublas,
    KernelModule kernels) {}
