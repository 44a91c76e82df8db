package io.fourierft.safetensors;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The rules of where tensors lie: one after the other, covering the data exactly. */
final class DataLayout {
  private DataLayout() {}

  /** The tensors in the order of their data, once every rule holds. */
  static Map<String, TensorInfo> arrange(
      Path path, Map<String, Header.Entry> entries, long dataLength) {
    List<Map.Entry<String, Header.Entry>> ordered = new ArrayList<>(entries.entrySet());
    ordered.sort(
        Comparator.comparingLong((Map.Entry<String, Header.Entry> e) -> e.getValue().begin())
            .thenComparingLong(e -> e.getValue().end()));
    Map<String, TensorInfo> tensors = LinkedHashMap.newLinkedHashMap(ordered.size());
    long covered = 0;
    for (Map.Entry<String, Header.Entry> named : ordered) {
      TensorInfo tensor = check(path, named.getKey(), named.getValue(), covered);
      tensors.put(tensor.name(), tensor);
      covered = tensor.end();
    }
    if (covered != dataLength) {
      throw new SafetensorsException(
          path,
          null,
          String.format(
              Locale.ROOT,
              "incomplete metadata, file not fully covered: the tensors take %d bytes of data, the"
                  + " file has %d",
              covered,
              dataLength));
    }
    return tensors;
  }

  private static TensorInfo check(Path path, String name, Header.Entry entry, long covered) {
    long begin = entry.begin();
    long end = entry.end();
    if (begin != covered || end < begin) {
      throw new SafetensorsException(
          path,
          name,
          String.format(
              Locale.ROOT,
              "invalid offset: data_offsets [%d, %d] %s",
              begin,
              end,
              end < begin ? "end before they begin" : "should begin at " + covered));
    }
    try {
      return new TensorInfo(name, entry.dtype(), entry.shape(), begin, end);
    } catch (ArithmeticException e) {
      throw new SafetensorsException(path, name, String.valueOf(e.getMessage()), e);
    } catch (IllegalArgumentException e) {
      throw new SafetensorsException(
          path, name, "invalid shape, data type, or offset: " + e.getMessage(), e);
    }
  }
}
