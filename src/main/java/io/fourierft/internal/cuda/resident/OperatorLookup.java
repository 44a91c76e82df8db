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

/** Finds what several adapters have on the device, one by one, and puts there what is missing. */
final class OperatorLookup {
  private final ResidentAdapters resident;
  private final WorkStream stream;
  private final OperatorForm form;
  private final Set<ResidentTable> parts = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<DeviceBlock> foreign = new ArrayList<>();

  /** To be used once, under the lock of {@code resident}. */
  OperatorLookup(ResidentAdapters resident, WorkStream stream, OperatorForm form) {
    this.resident = resident;
    this.stream = stream;
    this.form = form;
  }

  private StructLayout layout() {
    return switch (form) {
      case FORWARD, TRANSPOSED -> OperatorStruct.LAYOUT;
      case LINE_FORWARD, LINE_TRANSPOSED -> LineOperatorStruct.LAYOUT;
      case LINE_PRODUCTS, PLACES -> LineGradientStruct.LAYOUT;
    };
  }

  OperatorGroup find(List<FourierAdapter> adapters) {
    StructTable table =
        new StructTable(layout(), form == OperatorForm.PLACES ? 0 : adapters.size());
    long[] addresses = new long[adapters.size()];
    long before = 0;
    for (int i = 0; i < addresses.length; i++) {
      FourierAdapter adapter = adapters.get(i);
      long coefficients = coefficients(adapter);
      long first = before;
      ResidentTable own =
          resident.places(
              adapter.locations(), places -> add(table, places, adapter, coefficients, first));
      parts.add(own);
      addresses[i] = own.pointer();
      before += adapter.nFrequency();
    }
    return new OperatorGroup(
        adapters, parts, foreign, new TableContents(table.finish()), addresses);
  }

  /** Device address of an adapter's coefficients; 0 where they are not read. */
  private long coefficients(FourierAdapter adapter) {
    if (form == OperatorForm.LINE_PRODUCTS || form == OperatorForm.PLACES) {
      return 0;
    }
    ResidentAdapters.Coefficients held = resident.coefficients(stream, adapter);
    if (held.table() != null) {
      parts.add(held.table());
    }
    if (held.foreign() != null) {
      foreign.add(held.foreign());
    }
    return held.pointer();
  }

  /** Adds an adapter's struct; returns what it points into besides the coefficients. */
  private ResidentTable add(
      StructTable table,
      ResidentPlaces places,
      FourierAdapter adapter,
      long coefficients,
      long first) {
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
        LinePlan x = resident.lines().tokenPlan(adapter.cols());
        LinePlan y = resident.lines().tokenPlan(adapter.rows());
        ResidentLineTables.Lists lists =
            places.lines().operator(stream, transposed, transposed ? y : x, transposed ? x : y);
        table.add(lists.operator(coefficients, scale, n));
        yield lists.table();
      }
      case LINE_PRODUCTS -> {
        ResidentTable products =
            places
                .lines()
                .products(
                    stream,
                    resident.lines().tokenPlan(adapter.cols()),
                    resident.lines().tokenPlan(adapter.rows()));
        long x = products.pointer();
        table.add(new LineGradientStruct(x, x + (long) Integer.BYTES * n, first, n));
        yield products;
      }
      case PLACES -> places.rowsAndColumns(stream);
    };
  }
}
