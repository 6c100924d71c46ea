package jsgx.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between modules, and what each module must never do (docs/design). */
class ModuleBoundariesTest {

    private static final JavaClasses JSGX = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("jsgx");

    @Test
    void modulesUseOnlyWhatTheirArrowsPointAt() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("arch")
                .definedBy("jsgx.arch..")
                .layer("driver")
                .definedBy("jsgx.driver..")
                .layer("image")
                .definedBy("jsgx.image..")
                .layer("launch")
                .definedBy("jsgx.launch..")
                .layer("machine")
                .definedBy("jsgx.machine..")
                .layer("host")
                .definedBy("jsgx.host..")
                .layer("study")
                .definedBy("jsgx.study..")
                .layer("cli")
                .definedBy("jsgx.cli..")
                .whereLayer("arch")
                .mayNotAccessAnyLayer()
                .whereLayer("driver")
                .mayOnlyAccessLayers("arch")
                .whereLayer("image")
                .mayOnlyAccessLayers("arch")
                .whereLayer("launch")
                .mayOnlyAccessLayers("driver", "image", "arch")
                .whereLayer("machine")
                .mayOnlyAccessLayers("driver", "image", "arch")
                .whereLayer("host")
                .mayOnlyAccessLayers("launch", "machine", "driver", "image", "arch")
                .whereLayer("study")
                .mayOnlyAccessLayers("launch", "driver", "image", "arch")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .check(JSGX);
    }

    @Test
    void theProcessorTouchesNoFileSocketThreadOrLog() {
        noClasses()
                .that(resideInAPackage("jsgx.arch.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "java.nio.file..", "java.nio.channels..", "java.net..", "java.util.logging.."))
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(
                        java.io.File.class,
                        java.io.FileInputStream.class,
                        java.io.FileOutputStream.class,
                        java.io.RandomAccessFile.class,
                        java.io.Console.class,
                        Thread.class,
                        ThreadGroup.class,
                        System.Logger.class,
                        java.util.Timer.class,
                        java.util.concurrent.Executor.class,
                        java.util.concurrent.ForkJoinTask.class)
                .check(JSGX);
    }

    @Test
    void onlyTheCommandLineSpeaksToTheTerminal() {
        noClasses()
                .that(resideInAnyPackage(
                        "jsgx.arch..",
                        "jsgx.driver..",
                        "jsgx.image..",
                        "jsgx.launch..",
                        "jsgx.machine..",
                        "jsgx.host..",
                        "jsgx.study.."))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(JSGX);
    }

    @Test
    void packagesOfAModuleFormNoCycle() {
        for (String module : new String[] {"arch", "driver", "image", "launch", "host", "study"}) {
            slices().matching("jsgx." + module + ".(*)..")
                    .should()
                    .beFreeOfCycles()
                    .allowEmptyShould(true)
                    .check(JSGX);
        }
    }
}
