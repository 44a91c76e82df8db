package io.fourierft;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
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

  @Test
  void theDomainKnowsNothingAboveIt() {
    noClasses()
        .that()
        .resideInAPackage(ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".*..")
        .check(CLASSES);
  }

  @Test
  void theFileFormatKnowsOnlyTheRootOfTheExceptions() {
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
                        && !type.isEquivalentTo(FourierException.class)))
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
            ROOT + ".training..",
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
        .resideInAnyPackage(ROOT + ".peft..", ROOT + ".merge..", ROOT + ".training..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".internal.cpu..", ROOT + ".internal.cuda..", ROOT + ".cli..")
        .check(CLASSES);
  }

  @Test
  void commandsReachNoInternals() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".internal..")
        .check(CLASSES);
  }

  @Test
  void onlyTheBindingsTouchTheLinker() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".internal.cuda.ffm..")
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
