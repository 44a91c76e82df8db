package io.fourierft.training;

/** What is stored of each parameter, under torch's names for it. */
enum StateTensor {
  VALUE("value"),
  GRADIENT("gradient"),
  FIRST_MOMENT("exp_avg"),
  SECOND_MOMENT("exp_avg_sq");

  private final String suffix;

  StateTensor(String suffix) {
    this.suffix = suffix;
  }

  /** The name of the tensor in a file. */
  String nameFor(TrainableParameter parameter) {
    return parameter.name() + "." + suffix;
  }
}
