package io.fourierft.merge;

import io.fourierft.AdditionReport;

/**
 * What one adapter did to one weight.
 *
 * @param tensor the weight's name in the base model
 * @param adapter the adapter's folder, as it was given
 * @param report norms and rounding errors of this addition
 */
public record TensorChange(String tensor, String adapter, AdditionReport report) {}
