package io.fourierft.merge;

import io.fourierft.AdditionReport;

/**
 * What one adapter did to one weight.
 *
 * @param tensor the weight's name in the base model
 * @param adapter the adapter's folder, as it was given
 * @param report norms and rounding errors of this addition; where several tensors hold a layer, its
 *     whole ΔW is counted, and the rows of the others as zero
 */
public record TensorChange(String tensor, String adapter, AdditionReport report) {}
