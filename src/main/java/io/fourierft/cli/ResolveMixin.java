package io.fourierft.cli;

import io.fourierft.peft.LayoutChoice;
import io.fourierft.peft.NameRename;
import io.fourierft.peft.PeftException;
import io.fourierft.peft.ResolveOptions;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say how the deltas of a stored adapter are to be understood. */
final class ResolveMixin {
  @Option(
      names = "--autocast-adapter-dtype",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "raise coefficients of low precision to F32 first, as PEFT does by default; with no, the"
              + " delta is rounded to the coefficients' format")
  private boolean autocast;

  @Option(
      names = "--rename",
      paramLabel = "REGEX=REPLACEMENT",
      converter = RenameReader.class,
      description =
          "change the adapter's module names before they are looked for in the base; may be"
              + " given again")
  private List<NameRename> renames = List.of();

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT[=PATTERN]",
      converter = LayoutReader.class,
      description =
          "out-in (Linear) or in-out (Conv1D): how weights are stored where the base's files do"
              + " not tell; with a pattern, of the modules it is found in; may be given again")
  private List<LayoutChoice> layouts = List.of();

  @Mixin private RandpermMixin places;

  ResolveOptions options() {
    return new ResolveOptions(places.randperm(), autocast, renames, layouts);
  }

  /** Reads a renaming. */
  static final class RenameReader implements ITypeConverter<NameRename> {
    @Override
    public NameRename convert(String text) {
      try {
        return NameRename.parse(text);
      } catch (PeftException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** Reads a layout. */
  static final class LayoutReader implements ITypeConverter<LayoutChoice> {
    @Override
    public LayoutChoice convert(String text) {
      try {
        return LayoutChoice.parse(text);
      } catch (PeftException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
