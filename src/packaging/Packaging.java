import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ModuleDesc;
import java.lang.reflect.AccessFlag;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * What the build does to jars that no plugin does. Run by Maven with the JDK that compiled the
 * project:
 *
 * <pre>
 * java Packaging.java upgrade FOLDER             classes of Java 5 in the folder's jars become classes of Java 8
 * java Packaging.java describe JAR MODULE VERSION  gives a jar without classes a module descriptor
 * </pre>
 *
 * <p>picocli is compiled for Java 5, whose classes the virtual machine checks the slow way and does
 * not take into a cache for starting: two thirds of the time of a short command. The code itself
 * stays as it is; tables for the fast check are added.
 */
final class Packaging {
  private static final int FIRST_WITH_TABLES = 50;

  private Packaging() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 2 && arguments[0].equals("upgrade")) {
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(Path.of(arguments[1]), "*.jar")) {
        for (Path jar : jars) {
          upgrade(jar);
        }
      }
    } else if (arguments.length == 4 && arguments[0].equals("describe")) {
      describe(Path.of(arguments[1]), arguments[2], arguments[3]);
    } else {
      System.err.println("Packaging.java: upgrade FOLDER, or describe JAR MODULE VERSION");
      System.exit(2);
    }
  }

  /** One file of a jar. */
  private record Item(ZipEntry entry, byte[] bytes) {
    boolean isOldClass() {
      return entry.getName().endsWith(".class")
          && ((bytes[6] & 0xFF) << 8 | bytes[7] & 0xFF) < FIRST_WITH_TABLES;
    }
  }

  private static void upgrade(Path jar) throws IOException {
    List<Item> items = read(jar);
    if (items.stream().noneMatch(Item::isOldClass)) {
      return;
    }
    List<Item> upgraded = new ArrayList<>();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      ClassFile classFile =
          ClassFile.of(
              StackMapsOption.GENERATE_STACK_MAPS,
              ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)));
      ClassTransform transform =
          ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
              .andThen(
                  (builder, element) ->
                      builder.with(
                          element instanceof ClassFileVersion
                              ? ClassFileVersion.of(ClassFile.JAVA_8_VERSION, 0)
                              : element));
      for (Item item : items) {
        upgraded.add(
            item.isOldClass()
                ? new Item(
                    item.entry(),
                    classFile.transformClass(classFile.parse(item.bytes()), transform))
                : item);
      }
    }
    write(jar, upgraded);
  }

  private static void describe(Path jar, String module, String version) throws IOException {
    if (!Files.exists(jar)) {
      return;
    }
    List<Item> items = read(jar);
    items.removeIf(item -> item.entry().getName().equals("module-info.class"));
    ZipEntry entry = new ZipEntry("module-info.class");
    entry.setTimeLocal(items.getFirst().entry().getTimeLocal());
    byte[] descriptor =
        ClassFile.of()
            .buildModule(
                ModuleAttribute.of(
                    ModuleDesc.of(module),
                    builder ->
                        builder
                            .moduleVersion(version)
                            .requires(
                                ModuleDesc.of("java.base"), List.of(AccessFlag.MANDATED), null)));
    items.add(new Item(entry, descriptor));
    write(jar, items);
  }

  private static List<Item> read(Path jar) throws IOException {
    List<Item> items = new ArrayList<>();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(jar))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        ZipEntry same = new ZipEntry(entry.getName());
        same.setTimeLocal(entry.getTimeLocal());
        items.add(new Item(same, in.readAllBytes()));
      }
    }
    return items;
  }

  private static void write(Path jar, List<Item> items) throws IOException {
    Path fresh = jar.resolveSibling(jar.getFileName() + ".new");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(fresh))) {
      for (Item item : items) {
        out.putNextEntry(item.entry());
        out.write(item.bytes());
        out.closeEntry();
      }
    }
    Files.move(fresh, jar, StandardCopyOption.REPLACE_EXISTING);
  }
}
