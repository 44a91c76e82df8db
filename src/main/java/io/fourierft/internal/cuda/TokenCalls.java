package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.TokenSpectrum;
import io.fourierft.internal.checks.Direction;
import io.fourierft.internal.checks.KeptSpectrum;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.ops.CudaTokenSpectrum;
import io.fourierft.internal.cuda.ops.Operations;
import io.fourierft.internal.cuda.ops.TokenInput;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The calls of an engine that work on tokens: checks what they are given, and enqueues. */
final class TokenCalls {
  private final CudaContext context;
  private final DeviceChecks checks;
  private final Operations operations;
  private final Submission submission;

  TokenCalls(
      CudaContext context, DeviceChecks checks, Operations operations, Submission submission) {
    this.context = context;
    this.checks = checks;
    this.operations = operations;
    this.submission = submission;
  }

  void transform(Matrix x, TokenSpectrum into) {
    CudaTokenSpectrum target = own(into, "the token spectrum");
    Matrix tokens = checks.activations(x, "x");
    target.requireRoomFor(tokens);
    target.filled(0);
    submission.submit(
        List.of(x, into), stream -> operations.transforms().run(stream, tokens, target));
    target.filled(tokens.rows());
  }

  void apply(AdapterRouting routing, Direction direction, Matrix x, Matrix y, OperatorPath path) {
    Matrix input = checks.input(routing, direction, x);
    Matrix target = checks.output(routing, direction, y, input.rows());
    checks.requireApart(target, direction.output(), input, direction.input());
    apply(List.of(x, y), routing, direction, TokenInput.of(input), target, path);
  }

  void apply(AdapterRouting routing, Direction direction, TokenSpectrum x, Matrix y) {
    CudaTokenSpectrum input = own(x, direction.input());
    input.requireInput(routing, direction);
    Matrix target = checks.output(routing, direction, y, input.tokens());
    apply(List.of(x, y), routing, direction, TokenInput.of(input), target, OperatorPath.AUTO);
  }

  private void apply(
      Object keep,
      AdapterRouting routing,
      Direction direction,
      TokenInput x,
      Matrix y,
      OperatorPath path) {
    submission.submit(
        keep,
        stream ->
            operations.operators().run(stream, routing, direction.isTransposed(), x, y, path));
  }

  void gradient(AdapterRouting routing, Matrix x, Matrix g, List<? extends Matrix> gradients) {
    Matrix input = checks.input(routing, Direction.FORWARD, x);
    Matrix upstream = checks.upstream(routing, g, input.rows());
    List<Matrix> targets = checks.gradients(routing, gradients, input, upstream);
    Object keep = List.of(x, g, gradients);
    submit(
        keep,
        routing,
        TokenInput.of(input),
        TokenInput.of(upstream),
        null,
        targets,
        OperatorPath.AUTO);
  }

  void gradient(
      AdapterRouting routing, TokenSpectrum x, TokenSpectrum g, List<? extends Matrix> gradients) {
    CudaTokenSpectrum input = own(x, "x");
    CudaTokenSpectrum upstream = own(g, "g");
    input.requireGradient(routing, upstream);
    List<Matrix> targets = checks.gradients(routing, gradients);
    Object keep = List.of(x, g, gradients);
    submit(
        keep,
        routing,
        TokenInput.of(input),
        TokenInput.of(upstream),
        null,
        targets,
        OperatorPath.AUTO);
  }

  void backward(
      AdapterRouting routing,
      Matrix x,
      Matrix g,
      Matrix gx,
      List<? extends Matrix> gradients,
      OperatorPath path) {
    Matrix input = checks.input(routing, Direction.FORWARD, x);
    Matrix upstream = checks.upstream(routing, g, input.rows());
    Matrix target = checks.inputGradient(routing, gx, input, upstream);
    List<Matrix> targets = checks.gradients(routing, gradients, input, upstream);
    checks.requireApart(targets, target, "gx");
    Object keep = List.of(x, g, gx, gradients);
    submit(keep, routing, TokenInput.of(input), TokenInput.of(upstream), target, targets, path);
  }

  void backward(
      AdapterRouting routing,
      TokenSpectrum x,
      TokenSpectrum g,
      Matrix gx,
      List<? extends Matrix> gradients) {
    CudaTokenSpectrum input = own(x, "x");
    CudaTokenSpectrum upstream = own(g, "g");
    input.requireGradient(routing, upstream);
    Matrix target = checks.output(routing, Direction.TRANSPOSED, gx, input.tokens());
    List<Matrix> targets = checks.gradients(routing, gradients);
    checks.requireApart(targets, target, "gx");
    Object keep = List.of(x, g, gx, gradients);
    submit(
        keep,
        routing,
        TokenInput.of(input),
        TokenInput.of(upstream),
        target,
        targets,
        OperatorPath.AUTO);
  }

  private void submit(
      Object keep,
      AdapterRouting routing,
      TokenInput x,
      TokenInput g,
      @Nullable Matrix gx,
      List<Matrix> gradients,
      OperatorPath path) {
    submission.submit(
        keep,
        stream -> operations.tokenGradients().run(stream, routing, x, g, gx, gradients, path));
  }

  private CudaTokenSpectrum own(TokenSpectrum spectrum, String name) {
    return KeptSpectrum.of(context, CudaTokenSpectrum.class, spectrum, name);
  }
}
