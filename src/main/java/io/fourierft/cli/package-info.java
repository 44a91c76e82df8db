/** The {@code fourierft} command line: options, tables and exit codes; no arithmetic. */
@NullMarked
package io.fourierft.cli;

import org.jspecify.annotations.NullMarked;
