package io.fourierft.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds files byte by byte, without the writer that the tests examine. */
final class FileBytes {
  private FileBytes() {}

  /** A file of {@code header} and {@code dataBytes} bytes that count up from 0. */
  static byte[] of(String header, int dataBytes) {
    return of(header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static byte[] of(byte[] header, int dataBytes) {
    byte[] data = new byte[dataBytes];
    for (int i = 0; i < dataBytes; i++) {
      data[i] = (byte) i;
    }
    return withLength(header.length, header, data);
  }

  /** A file that claims {@code length} bytes of header, whatever it has. */
  static byte[] withLength(long length, byte[]... parts) {
    int total = Long.BYTES;
    for (byte[] part : parts) {
      total += part.length;
    }
    ByteBuffer file = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    for (byte[] part : parts) {
      file.put(part);
    }
    return file.array();
  }

  /** The entry of one tensor. */
  static String entry(String name, String dtype, String shape, long begin, long end) {
    return String.format(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
        name, dtype, shape, begin, end);
  }

  static Path write(Path folder, String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  /** A header of the one tensor {@code a}, four bytes, with another field in its entry. */
  static String entryWith(String field) {
    return "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]," + field + "}}";
  }
}
