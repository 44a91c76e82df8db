package io.fourierft.model;

/**
 * What a tensor of an adapted model is called, in whatever words it was asked for.
 *
 * @param name its name in the model of transformers of today
 * @param stored that of the tensor of the base's files which holds it: another one if the two are
 *     tied, so that what is written to one is in both
 */
record TensorName(String name, String stored) {}
