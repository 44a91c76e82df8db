package io.fourierft.internal.cuda;

import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import io.fourierft.cuda.DeviceAdamW;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.ops.TrainedTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What is checked of parameters that are trained on a device.
 *
 * @param checks those of the engine
 */
record TrainedTensors(DeviceChecks checks) {
  /**
   * The parameters as kernels reach them.
   *
   * @throws ShapeException naming the parameter that does not fit
   */
  List<TrainedTensor> of(List<DeviceAdamW.Parameter> parameters, int groups) {
    if (parameters.isEmpty()) {
      throw new ShapeException("there is nothing to train; give at least one parameter");
    }
    List<TrainedTensor> tensors = new ArrayList<>(parameters.size());
    for (int i = 0; i < parameters.size(); i++) {
      DeviceAdamW.Parameter parameter = parameters.get(i);
      String name = "parameter " + i;
      DeviceView values = dense(parameter.values(), name);
      DeviceView gradient = dense(parameter.gradient(), "the gradient of " + name);
      if (values.rows() != gradient.rows() || values.cols() != gradient.cols()) {
        throw new ShapeException(
            "the gradient of %s is %d x %d, but its values are %d x %d"
                .formatted(name, gradient.rows(), gradient.cols(), values.rows(), values.cols()));
      }
      if (parameter.group() < 0 || parameter.group() >= groups) {
        throw new ShapeException(
            "%s is of group %d, but there are %d".formatted(name, parameter.group(), groups));
      }
      checks.requireApart(gradient, "the gradient of " + name, values, name);
      tensors.add(new TrainedTensor(values, gradient, parameter.group()));
    }
    return tensors;
  }

  private DeviceView dense(Matrix matrix, String name) {
    if (checks.reachable(matrix, name) instanceof DeviceView view
        && view.elementType() == ElementType.F32
        && view.rows() > 0
        && (view.rows() == 1 || view.stride() == view.cols())) {
      return view;
    }
    throw new ShapeException(
        "%s is %s %d x %d at a stride of %d, but must be F32, dense, not empty and on the device"
            .formatted(name, matrix.elementType(), matrix.rows(), matrix.cols(), matrix.stride()));
  }
}
