package io.fourierft.bulk;

import io.fourierft.merge.AdapterInspection;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What looking at one adapter of many found.
 *
 * @param name its name
 * @param adapter its folder
 * @param inspection what it holds; null if it is broken or does not fit the base
 * @param deltaNorm the Frobenius norm of all its ΔWs together, from the coefficients alone; NaN
 *     without a base, and of one that failed
 * @param failure what is wrong with it; null if nothing is
 */
public record InspectedAdapter(
    String name,
    Path adapter,
    @Nullable AdapterInspection inspection,
    double deltaNorm,
    @Nullable Exception failure) {}
