/** A program that depends on the library as a module. */
module scratch {
  requires io.fourierft;
}
