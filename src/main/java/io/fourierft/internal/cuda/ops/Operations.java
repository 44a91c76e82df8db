package io.fourierft.internal.cuda.ops;

/**
 * What an engine can do, each operation once.
 *
 * @param deltas writes ΔW
 * @param additions adds ΔW to weights
 * @param transforms keeps tokens, or transforms of them
 * @param lines says which of the two
 * @param operators adds ΔW·x without ΔW
 * @param tokenGradients gradients from activations and upstream gradients
 * @param products dense products
 * @param denseGradients gradients from those of ΔW
 */
public record Operations(
    DeltaCall deltas,
    AdditionCall additions,
    TransformCall transforms,
    LineTokens lines,
    OperatorCall operators,
    TokenGradientCall tokenGradients,
    LinearCall products,
    DenseGradientCall denseGradients) {
  public static Operations of(SharedResources shared) {
    FusedUse use = FusedUse.fromProperty();
    DenseTransforms dense = new DenseTransforms(shared);
    LineDeltas lines = new LineDeltas(shared, use);
    LineTokens tokens = new LineTokens(shared, use);
    OperatorCall operators = new OperatorCall(shared, tokens);
    return new Operations(
        new DeltaCall(shared, dense, new CallbackTransforms(shared), lines),
        new AdditionCall(shared, dense, lines),
        new TransformCall(shared),
        tokens,
        operators,
        new TokenGradientCall(shared, tokens, operators),
        new LinearCall(shared),
        new DenseGradientCall(shared));
  }
}
