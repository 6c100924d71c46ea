package jsgx.cli;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Charging;
import jsgx.study.design.Knowledge;
import jsgx.study.run.Grid;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What the options of {@code jsgx study} may say. */
final class StudyChoices {

    private StudyChoices() {}

    /** A placement. */
    static final class Placements implements ITypeConverter<Placement> {
        @Override
        public Placement convert(String text) {
            return choice("placement", text, List.of(Placement.values()), Placement::id);
        }
    }

    /** An eviction scheme. */
    static final class Schemes implements ITypeConverter<Scheme> {
        @Override
        public Scheme convert(String text) {
            return choice("scheme", text, List.of(Scheme.values()), Scheme::toString);
        }
    }

    /** A charging rule of a kernel's cache. */
    static final class Chargings implements ITypeConverter<Charging> {
        @Override
        public Charging convert(String text) {
            return choice("charging rule of a kernel's cache", text, Grid.KERNEL_CHARGINGS, Charging::toString);
        }
    }

    /** What user space knows. */
    static final class Knowledges implements ITypeConverter<Knowledge> {
        @Override
        public Knowledge convert(String text) {
            return choice("knowledge", text, Arrays.asList(Knowledge.values()), Knowledge::toString);
        }
    }

    private static <T> T choice(String what, String text, List<T> choices, Function<T, String> name) {
        return choices.stream()
                .filter(choice -> name.apply(choice).equals(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("\"%s\" is no %s: expected %s"
                        .formatted(
                                Text.printable(text),
                                what,
                                choices.stream().map(name).collect(Collectors.joining(", ")))));
    }
}
