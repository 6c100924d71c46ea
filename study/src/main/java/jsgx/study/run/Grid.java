package jsgx.study.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import org.jspecify.annotations.Nullable;

/**
 * The designs of a study: every combination that makes sense of these. Nothing is kept with {@code none}, so that it is one design; schemes and charging rules are the kernel's, knowledge is user space's.
 */
public record Grid(
        List<Placement> placements,
        List<Scheme> schemes,
        List<Long> limits,
        List<Charging> chargings,
        List<Knowledge> knowledges) {

    /** The charging rules that a kernel's cache can have. */
    public static final List<Charging> KERNEL_CHARGINGS = Arrays.stream(Charging.values())
            .filter(rule -> rule != Charging.OWN)
            .toList();

    /** All that {@code launch} has, for these limits. */
    public static Grid all(List<Long> limits) {
        return new Grid(
                List.of(Placement.values()),
                List.of(Scheme.values()),
                limits,
                KERNEL_CHARGINGS,
                List.of(Knowledge.values()));
    }

    public Grid {
        placements = placements.stream().distinct().toList();
        schemes = schemes.stream().distinct().toList();
        limits = limits.stream().distinct().sorted().toList();
        chargings = chargings.stream().distinct().toList();
        knowledges = knowledges.stream().distinct().toList();
    }

    /** The designs, in the order of their cells. */
    public List<Design> designs() {
        List<Design> designs = new ArrayList<>();
        if (placements.contains(Placement.NONE)) {
            designs.add(new Design(Placement.NONE, null, 0, Charging.OWN, Knowledge.NONE));
        }
        for (Placement placement : placements) {
            if (placement == Placement.NONE) {
                continue;
            }
            for (long limit : limits) {
                for (@Nullable Scheme scheme : placement.inKernel() ? schemes : Arrays.asList((Scheme) null)) {
                    for (Charging charging : placement.inKernel() ? chargings : List.of(Charging.OWN)) {
                        for (Knowledge knowledge : placement.inUserSpace() ? knowledges : List.of(Knowledge.NONE)) {
                            designs.add(new Design(placement, scheme, limit, charging, knowledge));
                        }
                    }
                }
            }
        }
        return List.copyOf(designs);
    }

    /** A design's fields, as every document of a study has them. */
    public static Map<String, Object> json(Design design) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("placement", design.placement().id());
        json.put("scheme", scheme(design));
        json.put("limitBytes", design.limitBytes());
        json.put("charging", design.charging().toString());
        json.put("knowledge", design.knowledge().toString());
        return json;
    }

    /** The name of a design's scheme; {@code none} where it has none. */
    public static String scheme(Design design) {
        return design.scheme() == null ? "none" : design.scheme().toString();
    }

    static Design design(Fields fields) throws StudyException {
        String scheme = fields.string("scheme");
        String placement = fields.string("placement");
        return new Design(
                Placement.of(placement)
                        .orElseThrow(() -> fields.wrong("placement", names(Placement.values(), Placement::id))),
                scheme.equals("none") ? null : named(fields, "scheme", Scheme.values()),
                fields.count("limitBytes"),
                named(fields, "charging", Charging.values()),
                named(fields, "knowledge", Knowledge.values()));
    }

    private static <T> T named(Fields fields, String name, T[] values) throws StudyException {
        String text = fields.string(name);
        Optional<T> found = Arrays.stream(values)
                .filter(value -> value.toString().equals(text))
                .findFirst();
        return found.orElseThrow(() -> fields.wrong(name, names(values, Object::toString)));
    }

    private static <T> String names(T[] values, java.util.function.Function<T, String> name) {
        return Arrays.stream(values).map(name).collect(Collectors.joining(", "));
    }
}
