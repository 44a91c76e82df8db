package io.fourierft.internal.cuda.ops;

import io.fourierft.internal.cuda.memory.DeviceView;

/**
 * A tensor that is trained.
 *
 * @param values dense F32
 * @param gradient dense F32 of the same shape
 * @param group whose rates it has
 */
public record TrainedTensor(DeviceView values, DeviceView gradient, int group) {
  long elements() {
    return (long) values.rows() * values.cols();
  }
}
