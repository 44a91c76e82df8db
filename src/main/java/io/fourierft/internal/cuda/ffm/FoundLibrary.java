package io.fourierft.internal.cuda.ffm;

import java.lang.foreign.SymbolLookup;

/**
 * A library that was loaded. It stays loaded for the life of the process: CUDA's libraries keep
 * threads and exit handlers of their own.
 *
 * @param path what was given to the loader
 * @param symbols its exported symbols
 */
public record FoundLibrary(String path, SymbolLookup symbols) {}
