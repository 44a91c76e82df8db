import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Handwritten digits of 8 × 8 grey values, five of the ten classes at a time, those of training and
 * of test apart.
 *
 * @param images of each image 64 values from 0 to 1, row by row
 * @param labels of each image its digit, counted from the first of the classes
 */
@SuppressWarnings("ArrayRecordComponent") // Of an example; nobody compares it.
record Digits(float[][] images, int[] labels) {
  /** Side of an image. */
  static final int SIDE = 8;

  /** How many digits are told apart. */
  static final int CLASSES = 5;

  /** The digits {@code first} to {@code first + 4}: every fourth of them for the test. */
  static Digits read(Path file, int first, boolean forTest) throws IOException {
    List<float[]> images = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    int seen = 0;
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] words = line.split(",");
        int label = (int) Float.parseFloat(words[SIDE * SIDE]) - first;
        if (label < 0 || label >= CLASSES) {
          continue;
        }
        if (seen++ % 4 == 3 == forTest) {
          float[] image = new float[SIDE * SIDE];
          for (int i = 0; i < image.length; i++) {
            image[i] = Float.parseFloat(words[i]) / 16;
          }
          images.add(image);
          labels.add(label);
        }
      }
    }
    return new Digits(
        images.toArray(new float[0][]), labels.stream().mapToInt(Integer::intValue).toArray());
  }

  /** How many there are. */
  int count() {
    return labels.length;
  }

  /** Some of them, from one on. */
  Digits part(int from, int count) {
    int[] chosen = new int[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = from + i;
    }
    return choose(chosen);
  }

  /**
   * The batch of a step: a walk over all images that meets each once in an epoch, in another order
   * in each.
   */
  Digits batch(int step, int size) {
    int perEpoch = count() / size;
    int epoch = step / perEpoch;
    int[] chosen = new int[size];
    for (int i = 0; i < size; i++) {
      chosen[i] = ((step % perEpoch * size + i) * 389 + 97 * epoch) % count();
    }
    return choose(chosen);
  }

  private Digits choose(int[] indices) {
    float[][] chosen = new float[indices.length][];
    int[] chosenLabels = new int[indices.length];
    for (int i = 0; i < indices.length; i++) {
      chosen[i] = images[indices[i]];
      chosenLabels[i] = labels[indices[i]];
    }
    return new Digits(chosen, chosenLabels);
  }
}
