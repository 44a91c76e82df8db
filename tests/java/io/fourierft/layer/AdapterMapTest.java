package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The adapters of a layer by name, against a map of the library. */
class AdapterMapTest {
  private static final List<FourierAdapter> SOME =
      List.of(
          LayerSamples.adapter(4, 6, 2, 1),
          LayerSamples.adapter(4, 6, 2, 2),
          LayerSamples.adapter(4, 6, 2, 3));

  @Test
  void everyMapStaysAsItWasWhateverIsMadeOfIt() {
    Random random = new Random(11);
    List<AdapterMap> maps = new ArrayList<>(List.of(AdapterMap.empty()));
    List<Map<String, FourierAdapter>> twins = new ArrayList<>(List.of(new LinkedHashMap<>()));
    for (int step = 0; step < 600; step++) {
      int from = random.nextInt(4) > 0 ? maps.size() - 1 : random.nextInt(maps.size());
      AdapterMap map = maps.get(from);
      Map<String, FourierAdapter> twin = new LinkedHashMap<>(twins.get(from));
      FourierAdapter adapter = SOME.get(random.nextInt(3));
      int action = twin.isEmpty() ? 0 : random.nextInt(6);
      String known =
          twin.isEmpty() ? "" : List.copyOf(twin.keySet()).get(random.nextInt(twin.size()));
      switch (action) {
        case 3 -> {
          map = map.minus(known);
          twin.remove(known);
        }
        case 4 -> {
          map = map.with(known, adapter);
          twin.put(known, adapter);
        }
        case 5 -> {
          map = map.renamed(known, "renamed" + step);
          Map<String, FourierAdapter> next = new LinkedHashMap<>();
          String to = "renamed" + step;
          twin.forEach((name, old) -> next.put(name.equals(known) ? to : name, old));
          twin = next;
        }
        default -> {
          // A name that another map made of the same one may have taken.
          String name = "name" + random.nextInt(900);
          if (!twin.containsKey(name)) {
            map = map.plus(name, adapter);
            twin.put(name, adapter);
          }
        }
      }
      maps.add(map);
      twins.add(twin);
    }
    for (int i = 0; i < maps.size(); i++) {
      assertEquals(List.copyOf(twins.get(i).keySet()), maps.get(i).names(), "map " + i);
      for (int name = 0; name < 900; name++) {
        FourierAdapter expected = twins.get(i).get("name" + name);
        assertSame(expected, maps.get(i).get("name" + name), "map " + i);
      }
    }
    assertNull(AdapterMap.empty().get("name0"));
  }

  /** A copy of the map for each would move twenty thousand million entries. */
  @Test
  @Timeout(60)
  void addingDoesNotCopyWhatIsThere() {
    AdapterMap map = AdapterMap.empty();
    for (int i = 0; i < 200_000; i++) {
      map = map.plus("tenant" + i, SOME.get(i % 3));
    }
    assertEquals(200_000, map.size());
    assertTrue(map.contains("tenant199999"));
  }
}
