package io.fourierft.safetensors;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Which of the declared tensors of a file is to be written next, and how much of it is missing. */
final class TensorTurns {
  private final Path target;
  private final List<TensorDeclaration> tensors;
  private final Map<String, TensorDeclaration> byName;

  /** By name, where the bytes of the tensors begin that are to be written later. */
  private final Map<String, Long> postponed = new HashMap<>();

  private int current;
  private long written;

  TensorTurns(Path target, List<TensorDeclaration> tensors) {
    this.target = target;
    this.tensors = tensors;
    this.byName = HashMap.newHashMap(tensors.size());
    for (TensorDeclaration tensor : tensors) {
      byName.put(tensor.name(), tensor);
    }
    passEmpty();
  }

  TensorDeclaration declaration(String name) {
    TensorDeclaration tensor = byName.get(name);
    if (tensor == null) {
      throw new SafetensorsException(target, name, "it was not declared");
    }
    return tensor;
  }

  /** Refuses a tensor of another file that is not what this name was declared as. */
  void requireAlike(String name, TensorInfo from, SafetensorsFile source) {
    TensorDeclaration tensor = declaration(name);
    if (from.dtype() != tensor.dtype() || !from.shape().equals(tensor.shape())) {
      throw new SafetensorsException(
          target,
          tensor.name(),
          String.format(
              Locale.ROOT,
              "it was declared as %s %s, but tensor %s of %s is %s %s",
              tensor.dtype(),
              TensorShape.brief(tensor.shape()),
              SafetensorsException.quote(from.name()),
              source.path(),
              from.dtype(),
              TensorShape.brief(from.shape())));
    }
  }

  /** Refuses a tensor whose turn it is not, or that has no room for so many bytes more. */
  void require(String name, long length) {
    if (current == tensors.size()) {
      throw new SafetensorsException(target, name, "every declared tensor is complete");
    }
    TensorDeclaration tensor = tensors.get(current);
    if (!tensor.name().equals(name)) {
      throw new SafetensorsException(
          target, name, "it is the turn of tensor " + SafetensorsException.quote(tensor.name()));
    }
    if (length > tensor.sizeInBytes() - written) {
      throw new SafetensorsException(
          target,
          name,
          String.format(
              Locale.ROOT,
              "%d more bytes after %d are more than the %d that were declared",
              length,
              written,
              tensor.sizeInBytes()));
    }
  }

  /** So many more bytes of the tensor whose turn it is are written. */
  void advance(long length) {
    written += length;
    if (written == tensors.get(current).sizeInBytes()) {
      current++;
      written = 0;
      passEmpty();
    }
  }

  private void passEmpty() {
    while (current < tensors.size() && tensors.get(current).sizeInBytes() == 0) {
      current++;
    }
  }

  /** Passes over the tensor whose turn it is, which is whole; its bytes begin here in the file. */
  void postpone(long position) {
    TensorDeclaration tensor = tensors.get(current);
    postponed.put(tensor.name(), position);
    advance(tensor.sizeInBytes());
  }

  /** Where a postponed tensor begins, which must be written with so many bytes. */
  long place(String name, long length) {
    TensorDeclaration tensor = declaration(name);
    Long position = postponed.get(name);
    if (position == null) {
      throw new SafetensorsException(target, name, "it was not postponed, or is filled already");
    }
    if (length != tensor.sizeInBytes()) {
      throw new SafetensorsException(
          target,
          name,
          String.format(
              Locale.ROOT,
              "it was postponed, and is filled whole: %d bytes came, %d were declared",
              length,
              tensor.sizeInBytes()));
    }
    return position;
  }

  /** A postponed tensor is written. */
  void filled(String name) {
    postponed.remove(name);
  }

  /** Refuses a file in which something is missing. */
  void requireComplete() {
    if (current < tensors.size()) {
      TensorDeclaration tensor = tensors.get(current);
      throw new SafetensorsException(
          target,
          tensor.name(),
          String.format(
              Locale.ROOT,
              "it is not complete: %d of %d bytes are written",
              written,
              tensor.sizeInBytes()));
    }
    for (TensorDeclaration tensor : tensors) {
      if (postponed.containsKey(tensor.name())) {
        throw new SafetensorsException(
            target, tensor.name(), "it is not complete: it was postponed and never filled");
      }
    }
  }
}
