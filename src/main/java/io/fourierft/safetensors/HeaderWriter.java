package io.fourierft.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes headers as a stream, so that even the longest needs no memory. */
final class HeaderWriter {
  private static final int ALIGNMENT = 8;

  private HeaderWriter() {}

  /** Refuses what no header can hold. */
  static void requireExpressible(
      Path target, Map<String, String> metadata, List<TensorDeclaration> tensors) {
    metadata.forEach(
        (key, value) -> {
          if (!StrictJson.isWellFormed(key) || !StrictJson.isWellFormed(value)) {
            throw new SafetensorsException(
                target,
                null,
                "metadata " + SafetensorsException.quote(key) + " has an unpaired surrogate");
          }
        });
    Set<String> names = HashSet.newHashSet(tensors.size());
    long total = 0;
    for (TensorDeclaration tensor : tensors) {
      String name = tensor.name();
      if (name.equals(Header.METADATA)) {
        throw new SafetensorsException(target, name, "this name is reserved for metadata");
      }
      if (!StrictJson.isWellFormed(name)) {
        throw new SafetensorsException(target, name, "its name has an unpaired surrogate");
      }
      if (!names.add(name)) {
        throw new SafetensorsException(target, name, "it is declared twice");
      }
      total += tensor.sizeInBytes();
      if (total < 0) {
        throw new SafetensorsException(target, name, "overflow computing the file's size");
      }
    }
  }

  /** Writes length and header; the data comes next. They are made twice, once to be counted. */
  static void write(
      WriterTarget file, Map<String, String> metadata, List<TensorDeclaration> tensors)
      throws IOException {
    long count = writeTo(OutputStream.nullOutputStream(), file.target(), metadata, tensors);
    ByteBuffer length = ByteBuffer.allocate(Header.LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(0, count);
    OutputStream channel = new BufferedOutputStream(new TargetOutput(file), 1 << 16);
    channel.write(length.array());
    writeTo(channel, file.target(), metadata, tensors);
  }

  private static long writeTo(
      OutputStream channel,
      Path target,
      Map<String, String> metadata,
      List<TensorDeclaration> tensors)
      throws IOException {
    LimitedOutput output = new LimitedOutput(target, channel);
    try (JsonGenerator json = new JsonFactory().createGenerator(output)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.enable(JsonGenerator.Feature.COMBINE_UNICODE_SURROGATES_IN_UTF8);
      writeObject(json, metadata, tensors);
    }
    while (output.count % ALIGNMENT != 0) {
      output.write(' ');
    }
    output.flush();
    return output.count;
  }

  private static void writeObject(
      JsonGenerator json, Map<String, String> metadata, List<TensorDeclaration> tensors)
      throws IOException {
    json.writeStartObject();
    if (!metadata.isEmpty()) {
      json.writeObjectFieldStart(Header.METADATA);
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
    }
    long begin = 0;
    for (TensorDeclaration tensor : tensors) {
      json.writeObjectFieldStart(tensor.name());
      json.writeStringField("dtype", tensor.dtype().name());
      json.writeArrayFieldStart("shape");
      for (long dimension : tensor.shape()) {
        json.writeNumber(dimension);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("data_offsets");
      json.writeNumber(begin);
      begin += tensor.sizeInBytes();
      json.writeNumber(begin);
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndObject();
  }

  /** Writes to the target; unlike the stream of a channel, it fails as the target does. */
  private static final class TargetOutput extends OutputStream {
    private final WriterTarget file;

    TargetOutput(WriterTarget file) {
      this.file = file;
    }

    @Override
    public void write(int oneByte) throws IOException {
      write(new byte[] {(byte) oneByte}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      file.drain(ByteBuffer.wrap(bytes, offset, length));
    }
  }

  /** Counts the header's bytes and stops it at the limit. */
  private static final class LimitedOutput extends OutputStream {
    private final Path target;
    private final OutputStream output;
    private long count;

    LimitedOutput(Path target, OutputStream output) {
      this.target = target;
      this.output = output;
    }

    @Override
    public void write(int oneByte) throws IOException {
      add(1);
      output.write(oneByte);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      add(length);
      output.write(bytes, offset, length);
    }

    private void add(int length) {
      count += length;
      if (count > Header.LONGEST) {
        throw new SafetensorsException(
            target,
            null,
            "header too large: the tensors' names and shapes need more than "
                + Header.LONGEST
                + " bytes; write fewer tensors into one file");
      }
    }

    @Override
    public void flush() throws IOException {
      output.flush();
    }
  }
}
