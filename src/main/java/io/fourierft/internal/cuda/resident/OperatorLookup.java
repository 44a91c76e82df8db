package io.fourierft.internal.cuda.resident;

import io.fourierft.FourierAdapter;
import io.fourierft.internal.cuda.fft.LinePlan;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.ResidentTable;
import io.fourierft.internal.cuda.memory.TableContents;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.LineGradientStruct;
import io.fourierft.internal.cuda.struct.LineOperatorStruct;
import io.fourierft.internal.cuda.struct.OperatorStruct;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.definition.DeltaScale;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what several adapters have on the device, one by one; puts there what is missing. */
final class OperatorLookup {
  private final WorkStream stream;
  private final OperatorForm form;
  private final ResidentLines lines;
  private final StructTable table;
  private final long[] addresses;
  private final Set<ResidentTable> parts = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<DeviceBlock> foreign = new ArrayList<>();
  private int count;
  private long before;

  /** For so many adapters. */
  OperatorLookup(WorkStream stream, OperatorForm form, ResidentLines lines, int adapters) {
    this.stream = stream;
    this.form = form;
    this.lines = lines;
    this.table = new StructTable(layout(), form == OperatorForm.PLACES ? 0 : adapters);
    this.addresses = new long[adapters];
  }

  private StructLayout layout() {
    return switch (form) {
      case FORWARD, TRANSPOSED -> OperatorStruct.LAYOUT;
      case LINE_FORWARD, LINE_TRANSPOSED -> LineOperatorStruct.LAYOUT;
      case LINE_PRODUCTS, PLACES -> LineGradientStruct.LAYOUT;
    };
  }

  /** Notes memory of coefficients that belongs to the engine, or to somebody else. */
  void holds(@Nullable ResidentTable own, @Nullable DeviceBlock others) {
    if (own != null) {
      parts.add(own);
    }
    if (others != null) {
      foreign.add(others);
    }
  }

  /**
   * Adds the next adapter.
   *
   * @param coefficients their device address; 0 where they are not read
   */
  void add(FourierAdapter adapter, ResidentPlaces places, long coefficients) {
    ResidentTable own = struct(adapter, places, coefficients);
    parts.add(own);
    addresses[count++] = own.pointer();
    before += adapter.nFrequency();
  }

  /** All of them. */
  OperatorGroup group(List<FourierAdapter> adapters) {
    return new OperatorGroup(
        adapters, parts, foreign, new TableContents(table.finish()), addresses);
  }

  /** Adds an adapter's struct; returns what it points into besides the coefficients. */
  private ResidentTable struct(FourierAdapter adapter, ResidentPlaces places, long coefficients) {
    float scale = (float) DeltaScale.factor(adapter);
    int n = adapter.nFrequency();
    return switch (form) {
      case FORWARD, TRANSPOSED -> {
        ResidentPlaces.Rows rows = places.compressedRows(stream, form == OperatorForm.TRANSPOSED);
        table.add(rows.operator(coefficients, scale, n));
        yield rows.table();
      }
      case LINE_FORWARD, LINE_TRANSPOSED -> {
        boolean transposed = form == OperatorForm.LINE_TRANSPOSED;
        LinePlan x = lines.tokenPlan(adapter.cols());
        LinePlan y = lines.tokenPlan(adapter.rows());
        ResidentLineTables.Lists lists =
            places.lines().operator(stream, transposed, transposed ? y : x, transposed ? x : y);
        table.add(lists.operator(coefficients, scale, n));
        yield lists.table();
      }
      case LINE_PRODUCTS -> {
        ResidentTable products =
            places
                .lines()
                .products(stream, lines.tokenPlan(adapter.cols()), lines.tokenPlan(adapter.rows()));
        table.add(new LineGradientStruct(products.pointer(), before, n));
        yield products;
      }
      case PLACES -> places.rowsAndColumns(stream);
    };
  }
}
