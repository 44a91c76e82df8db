/**
 * A file system whose every call can be counted, stopped or made to fail: the default one behind a
 * provider of its own. One instance plays one process.
 */
package io.fourierft.watched;
