package io.fourierft.internal.jcuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import jcuda.NativePointerObject;
import jcuda.Pointer;

/**
 * The addresses inside JCuda's objects. JCuda keeps them in a private field and offers constructors
 * with an address for few types, so that the field is written through a handle.
 */
public final class NativeAddress {
  private final VarHandle field;

  /**
   * Gets at the field.
   *
   * @throws IllegalStateException if this JCuda keeps its addresses in another way
   */
  public NativeAddress() {
    try {
      field =
          MethodHandles.privateLookupIn(NativePointerObject.class, MethodHandles.lookup())
              .findVarHandle(NativePointerObject.class, "nativePointer", long.class);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this version of JCuda keeps its addresses in another way than 11.8.0", e);
    }
  }

  /** The handle or device address of a JCuda object, without the offset of a pointer. */
  public long of(NativePointerObject object) {
    return (long) field.get(object);
  }

  /** The device address that a pointer points to, with its offset; 0 for one to Java memory. */
  public long of(Pointer pointer) {
    return new Reader(pointer).address();
  }

  /** Gives a fresh object an address, and returns it. */
  public <T extends NativePointerObject> T give(T object, long address) {
    field.set(object, address);
    return object;
  }

  /** A pointer, seen from inside. */
  private static final class Reader extends Pointer {
    Reader(Pointer other) {
      super(other);
    }

    long address() {
      return getNativePointer() == 0 ? 0 : getNativePointer() + getByteOffset();
    }
  }
}
