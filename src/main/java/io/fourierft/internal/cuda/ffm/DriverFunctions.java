package io.fourierft.internal.cuda.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * One handle for each function of libcuda, named after the exact symbol. The suffixes are those
 * that cuda.h gives a 64-bit program; functions without one have had a single form.
 */
@SuppressWarnings("MemberName") // The names are the symbols of the C library.
public final class DriverFunctions extends NativeFunctions {
  // CUresult cuInit(unsigned int Flags)
  final MethodHandle cuInit = bind("cuInit", JAVA_INT);
  // CUresult cuDriverGetVersion(int *driverVersion)
  final MethodHandle cuDriverGetVersion = bind("cuDriverGetVersion", ADDRESS);
  // CUresult cuGetErrorName(CUresult error, const char **pStr)
  final MethodHandle cuGetErrorName = bind("cuGetErrorName", JAVA_INT, ADDRESS);

  // CUresult cuDeviceGetCount(int *count)
  final MethodHandle cuDeviceGetCount = bind("cuDeviceGetCount", ADDRESS);
  // CUresult cuDeviceGet(CUdevice *device, int ordinal)
  final MethodHandle cuDeviceGet = bind("cuDeviceGet", ADDRESS, JAVA_INT);
  // CUresult cuDeviceGetName(char *name, int len, CUdevice dev)
  final MethodHandle cuDeviceGetName = bind("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
  // CUresult cuDeviceGetAttribute(int *pi, CUdevice_attribute attrib, CUdevice dev)
  final MethodHandle cuDeviceGetAttribute =
      bind("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
  // CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev)
  final MethodHandle cuDeviceTotalMem_v2 = bind("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);

  // CUresult cuDevicePrimaryCtxRetain(CUcontext *pctx, CUdevice dev)
  final MethodHandle cuDevicePrimaryCtxRetain = bind("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
  // CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev)
  final MethodHandle cuDevicePrimaryCtxRelease_v2 = bind("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
  // CUresult cuCtxPushCurrent_v2(CUcontext ctx)
  final MethodHandle cuCtxPushCurrent_v2 = bind("cuCtxPushCurrent_v2", JAVA_LONG);
  // CUresult cuCtxPopCurrent_v2(CUcontext *pctx)
  final MethodHandle cuCtxPopCurrent_v2 = bind("cuCtxPopCurrent_v2", ADDRESS);

  // CUresult cuMemGetInfo_v2(size_t *free, size_t *total)
  final MethodHandle cuMemGetInfo_v2 = bind("cuMemGetInfo_v2", ADDRESS, ADDRESS);
  // CUresult cuMemAlloc_v2(CUdeviceptr *dptr, size_t bytesize)
  final MethodHandle cuMemAlloc_v2 = bind("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
  // CUresult cuMemFree_v2(CUdeviceptr dptr)
  final MethodHandle cuMemFree_v2 = bind("cuMemFree_v2", JAVA_LONG);
  // CUresult cuMemAllocHost_v2(void **pp, size_t bytesize)
  final MethodHandle cuMemAllocHost_v2 = bind("cuMemAllocHost_v2", ADDRESS, JAVA_LONG);
  // CUresult cuMemFreeHost(void *p)
  final MethodHandle cuMemFreeHost = bind("cuMemFreeHost", ADDRESS);
  // CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t n, CUstream hStream)
  final MethodHandle cuMemcpyHtoDAsync_v2 =
      bind("cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
  // CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t n, CUstream hStream)
  final MethodHandle cuMemcpyDtoHAsync_v2 =
      bind("cuMemcpyDtoHAsync_v2", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  // CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t n, CUstream hStream)
  final MethodHandle cuMemcpyDtoDAsync_v2 =
      bind("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  // CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *pCopy, CUstream hStream)
  final MethodHandle cuMemcpy2DAsync_v2 = bind("cuMemcpy2DAsync_v2", ADDRESS, JAVA_LONG);
  // CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char uc, size_t N, CUstream hStream)
  final MethodHandle cuMemsetD8Async =
      bind("cuMemsetD8Async", JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);
  // CUresult cuMemsetD2D8Async(CUdeviceptr dst, size_t dstPitch, unsigned char uc, size_t Width,
  //     size_t Height, CUstream hStream)
  final MethodHandle cuMemsetD2D8Async =
      bind("cuMemsetD2D8Async", JAVA_LONG, JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  // CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr ptr)
  final MethodHandle cuPointerGetAttribute =
      bind("cuPointerGetAttribute", ADDRESS, JAVA_INT, JAVA_LONG);

  // CUresult cuStreamCreate(CUstream *phStream, unsigned int Flags)
  final MethodHandle cuStreamCreate = bind("cuStreamCreate", ADDRESS, JAVA_INT);
  // CUresult cuStreamDestroy_v2(CUstream hStream)
  final MethodHandle cuStreamDestroy_v2 = bind("cuStreamDestroy_v2", JAVA_LONG);
  // CUresult cuStreamSynchronize(CUstream hStream)
  final MethodHandle cuStreamSynchronize = bind("cuStreamSynchronize", JAVA_LONG);
  // CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags)
  final MethodHandle cuStreamWaitEvent = bind("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
  // CUresult cuStreamGetCtx(CUstream hStream, CUcontext *pctx)
  final MethodHandle cuStreamGetCtx = bind("cuStreamGetCtx", JAVA_LONG, ADDRESS);
  // CUresult cuStreamBeginCapture_v2(CUstream hStream, CUstreamCaptureMode mode)
  final MethodHandle cuStreamBeginCapture_v2 = bind("cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
  // CUresult cuStreamEndCapture(CUstream hStream, CUgraph *phGraph)
  final MethodHandle cuStreamEndCapture = bind("cuStreamEndCapture", JAVA_LONG, ADDRESS);
  // CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus *captureStatus)
  final MethodHandle cuStreamIsCapturing = bind("cuStreamIsCapturing", JAVA_LONG, ADDRESS);

  // CUresult cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long f)
  final MethodHandle cuGraphInstantiateWithFlags =
      bind("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
  // CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream)
  final MethodHandle cuGraphLaunch = bind("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
  // CUresult cuGraphExecDestroy(CUgraphExec hGraphExec)
  final MethodHandle cuGraphExecDestroy = bind("cuGraphExecDestroy", JAVA_LONG);
  // CUresult cuGraphDestroy(CUgraph hGraph)
  final MethodHandle cuGraphDestroy = bind("cuGraphDestroy", JAVA_LONG);

  // CUresult cuEventCreate(CUevent *phEvent, unsigned int Flags)
  final MethodHandle cuEventCreate = bind("cuEventCreate", ADDRESS, JAVA_INT);
  // CUresult cuEventDestroy_v2(CUevent hEvent)
  final MethodHandle cuEventDestroy_v2 = bind("cuEventDestroy_v2", JAVA_LONG);
  // CUresult cuEventRecord(CUevent hEvent, CUstream hStream)
  final MethodHandle cuEventRecord = bind("cuEventRecord", JAVA_LONG, JAVA_LONG);
  // CUresult cuEventSynchronize(CUevent hEvent)
  final MethodHandle cuEventSynchronize = bind("cuEventSynchronize", JAVA_LONG);
  // CUresult cuEventQuery(CUevent hEvent)
  final MethodHandle cuEventQuery = bind("cuEventQuery", JAVA_LONG);
  // CUresult cuEventElapsedTime(float *pMilliseconds, CUevent hStart, CUevent hEnd)
  final MethodHandle cuEventElapsedTime = bind("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);

  // CUresult cuModuleLoadData(CUmodule *module, const void *image)
  final MethodHandle cuModuleLoadData = bind("cuModuleLoadData", ADDRESS, ADDRESS);
  // CUresult cuModuleUnload(CUmodule hmod)
  final MethodHandle cuModuleUnload = bind("cuModuleUnload", JAVA_LONG);
  // CUresult cuModuleGetFunction(CUfunction *hfunc, CUmodule hmod, const char *name)
  final MethodHandle cuModuleGetFunction = bind("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
  // CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value)
  final MethodHandle cuFuncSetAttribute = bind("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
  // CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *numBlocks, CUfunction func,
  //     int blockSize, size_t dynamicSMemSize)
  final MethodHandle cuOccupancyMaxActiveBlocksPerMultiprocessor =
      bind("cuOccupancyMaxActiveBlocksPerMultiprocessor", ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG);
  // CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, gridDimY, gridDimZ, blockDimX,
  //     blockDimY, blockDimZ, unsigned int sharedMemBytes, CUstream hStream, void **kernelParams,
  //     void **extra)
  final MethodHandle cuLaunchKernel =
      bind(
          "cuLaunchKernel",
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS,
          ADDRESS);

  DriverFunctions(SymbolLookup symbols, String library) {
    super(symbols, library, "a driver of CUDA 11.4 or later");
  }
}
