package io.fourierft.internal.cuda.ops;

/**
 * What an engine can do, each operation once.
 *
 * @param deltas writes ΔW
 * @param additions adds ΔW to weights
 * @param transforms keeps transforms of tokens
 * @param operators adds ΔW·x without ΔW
 * @param tokenGradients gradients from activations and upstream gradients
 * @param denseGradients gradients from those of ΔW
 */
public record Operations(
    DeltaCall deltas,
    AdditionCall additions,
    TransformCall transforms,
    OperatorCall operators,
    TokenGradientCall tokenGradients,
    DenseGradientCall denseGradients) {
  public static Operations of(SharedResources shared) {
    DenseTransforms dense = new DenseTransforms(shared);
    LineDeltas lines = new LineDeltas(shared, FusedUse.fromProperty());
    return new Operations(
        new DeltaCall(shared, dense, new FusedTransforms(shared), lines),
        new AdditionCall(shared, dense, lines),
        new TransformCall(shared),
        new OperatorCall(shared),
        new TokenGradientCall(shared),
        new DenseGradientCall(shared));
  }
}
