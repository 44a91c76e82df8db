package io.fourierft;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.fourierft.internal.selection.EngineChooser;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The house: data flows checkpoint → adapter → engine → weights, and nothing looks upwards. */
class ArchitectureTest {
  private static final String ROOT = "io.fourierft";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void packagesFormNoCycle() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  /** But its front door, which opens engines, knows where they are chosen. */
  @Test
  void theDomainKnowsNothingAboveIt() {
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .should()
        .dependOnClassesThat(resideInAPackage(ROOT + ".*..").and(not(type(EngineChooser.class))))
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .and()
        .areNotAssignableTo(FourierEngine.class)
        .and()
        .areNotAssignableTo(EngineSelection.class)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(EngineChooser.class)
        .check(CLASSES);
  }

  @Test
  void theChoiceOfAnEngineKnowsNoEngine() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".internal.selection..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + ".*..")
                .and(not(resideInAPackage(ROOT + ".internal.selection.."))))
        .check(CLASSES);
  }

  /** A tensor may be had as a matrix; what is computed with it the format does not know. */
  @Test
  void theFileFormatKnowsOnlyFilesExceptionsAndMatrices() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".safetensors..")
        .should()
        .dependOnClassesThat(
            com.tngtech.archunit.base.DescribedPredicate.describe(
                "other packages of the project",
                type ->
                    type.getPackageName().startsWith(ROOT)
                        && !type.getPackageName().startsWith(ROOT + ".safetensors")
                        && !type.getPackageName().startsWith(ROOT + ".internal.files")
                        && !type.isEquivalentTo(FourierException.class)
                        && !type.isEquivalentTo(ElementType.class)
                        && !type.isAssignableTo(Matrix.class)))
        .check(CLASSES);
  }

  @Test
  void enginesKnowOnlyTheDomain() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".internal..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".layer..",
            ROOT + ".safetensors..",
            ROOT + ".peft..",
            ROOT + ".merge..",
            ROOT + ".lora..",
            ROOT + ".bulk..",
            ROOT + ".training..",
            ROOT + ".model..",
            ROOT + ".demo..",
            ROOT + ".cli..")
        .check(CLASSES);
  }

  @Test
  void hostMemoryAndTheDefinitionKnowOnlyTheDomain() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".internal.host..", ROOT + ".internal.definition..")
        .should()
        .dependOnClassesThat(
            com.tngtech.archunit.base.DescribedPredicate.describe(
                "what lies above them",
                type ->
                    type.getPackageName().startsWith(ROOT + ".")
                        && !type.getPackageName().startsWith(ROOT + ".internal.host")
                        && !type.getPackageName().startsWith(ROOT + ".internal.definition")))
        .check(CLASSES);
  }

  @Test
  void layersKnowTheDomainHostMemoryAndNoEngineOfTheirOwn() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".layer..")
        .should()
        .dependOnClassesThat(
            com.tngtech.archunit.base.DescribedPredicate.describe(
                "engines, files and what lies above layers",
                type ->
                    type.getPackageName().startsWith(ROOT + ".")
                        && !type.getPackageName().startsWith(ROOT + ".layer")
                        && !type.getPackageName().startsWith(ROOT + ".internal.host")
                        && !type.getPackageName().startsWith(ROOT + ".internal.definition")
                        && !type.getPackageName().startsWith(ROOT + ".internal.checks")))
        .check(CLASSES);
  }

  @Test
  void nothingButTheCommandLineKnowsTheDemonstration() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".demo..", ROOT + ".cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".demo..", ROOT + ".cli..")
        .check(CLASSES);
  }

  @Test
  void theDemonstrationReachesNoInternals() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".demo..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".internal..", ROOT + ".cli..")
        .check(CLASSES);
  }

  @Test
  void checkpointsKnowNoEngineAndNoCommand() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".peft..",
            ROOT + ".lora..",
            ROOT + ".merge..",
            ROOT + ".bulk..",
            ROOT + ".training..",
            ROOT + ".model..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".internal.cpu..", ROOT + ".internal.cuda..", ROOT + ".cli..")
        .check(CLASSES);
  }

  /**
   * Many adapters are a matter of those who have many: what is done with one knows nothing of it.
   */
  @Test
  void nothingButTheCommandLineKnowsJobsOverMany() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".bulk..", ROOT + ".cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".bulk..")
        .check(CLASSES);
  }

  @Test
  void commandsReachNoInternalsButFiles() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".cli..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + ".internal..")
                .and(not(resideInAPackage(ROOT + ".internal.files"))))
        .check(CLASSES);
  }

  /** Numbers in names and files are ASCII wherever the program runs; formatted() is for prose. */
  @Test
  void nothingButProseIsFormattedInTheDefaultLocale() {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .check(CLASSES);
  }

  /** The packages of the CUDA engine, from the bindings up; each knows only those before it. */
  private static final List<String> CUDA =
      List.of("ffm", "struct", "device", "memory", "kernels", "fft", "stream", "resident", "ops");

  @Test
  void thePackagesOfTheCudaEngineKnowOnlyThoseBelowThem() {
    for (int i = 0; i < CUDA.size(); i++) {
      String[] above =
          Stream.concat(
                  Stream.of(ROOT + ".internal.cuda"),
                  CUDA.stream().skip(i + 1L).map(name -> ROOT + ".internal.cuda." + name))
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".internal.cuda." + CUDA.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(above)
          .check(CLASSES);
    }
  }

  @Test
  void theStructsOfCKnowNoDevice() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".internal.cuda.struct")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".internal.cuda.ffm..", ROOT + ".cuda..")
        .check(CLASSES);
  }

  @Test
  void noTwoTypesOfTheCudaEngineAreTiedToEachOther() {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                String name = type.getName().replaceFirst("\\$.*", "");
                return name.startsWith(ROOT + ".internal.cuda.")
                    ? SliceIdentifier.of(name)
                    : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "types of the CUDA engine";
              }
            })
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
  }

  @Test
  void onlyTheBindingsTouchTheLinker() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".internal.cuda.ffm..", ROOT + ".internal.files.ffm..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .check(CLASSES);
  }

  @Test
  void onlyTheSimdKernelsTouchTheVectorModule() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".internal.cpu.simd..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(CLASSES);
  }

  @Test
  void publicExceptionsHaveOneRoot() {
    classes()
        .that()
        .areAssignableTo(RuntimeException.class)
        .and()
        .arePublic()
        .should()
        .beAssignableTo(FourierException.class)
        .check(CLASSES);
  }
}
