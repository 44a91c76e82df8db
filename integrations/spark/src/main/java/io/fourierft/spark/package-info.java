/**
 * Many FourierFT adapters on a Spark cluster: deltas, merged models, norms, similarities and
 * checks, over Hadoop's file systems, with the same bytes as result as on one machine.
 */
package io.fourierft.spark;
