package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.cuda.memory.MemoryBudget;
import io.fourierft.internal.cuda.resident.ResidentAdapters;
import io.fourierft.internal.cuda.stream.DeviceCore;

/**
 * What all operations of one engine share.
 *
 * @param device the device with its libraries
 * @param adapters what the device holds of adapters
 * @param budget how much scratch memory a call may take
 */
public record SharedResources(DeviceCore device, ResidentAdapters adapters, MemoryBudget budget) {}
