package jsgx.launch;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import jsgx.arch.CpuFeatures;

/** A feature that a processor has or has not, by the name that files and options give it. */
public enum Feature {
    SGX2,
    FLC,
    KSS,
    ENCLSC,
    EDECCSSA,
    AEXNOTIFY,
    EUPDATESVN,
    CET;

    /** The name in files and options. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether a processor has it. */
    public boolean in(CpuFeatures features) {
        return switch (this) {
            case SGX2 -> features.sgx2();
            case FLC -> features.flc();
            case KSS -> features.kss();
            case ENCLSC -> features.enclsC();
            case EDECCSSA -> features.edeccssa();
            case AEXNOTIFY -> features.aexNotify();
            case EUPDATESVN -> features.eupdatesvn();
            case CET -> features.cet();
        };
    }

    /** All that a processor has. */
    public static List<Feature> of(CpuFeatures features) {
        return Arrays.stream(values()).filter(f -> f.in(features)).toList();
    }

    /** A processor like another, with these features and no others. */
    public static CpuFeatures only(List<Feature> features, CpuFeatures like) {
        return features(features, like.miscSelect(), like.xfrm(), like.log2MaxSize32(), like.log2MaxSize64());
    }

    static CpuFeatures features(List<Feature> f, int miscSelect, long xfrm, int log2MaxSize32, int log2MaxSize64) {
        return new CpuFeatures(
                f.contains(SGX2),
                f.contains(FLC),
                f.contains(KSS),
                f.contains(ENCLSC),
                f.contains(EDECCSSA),
                f.contains(AEXNOTIFY),
                f.contains(EUPDATESVN),
                f.contains(CET),
                miscSelect,
                xfrm,
                log2MaxSize32,
                log2MaxSize64);
    }

    static String names(CpuFeatures features) {
        return of(features).stream().map(Feature::id).collect(Collectors.joining(","));
    }

    /** The features of a list with commas between; {@link IllegalArgumentException} for a name that there is not. */
    public static List<Feature> parse(String names) {
        return names.isEmpty()
                ? List.of()
                : Arrays.stream(names.split(",", -1)).map(Feature::parseOne).toList();
    }

    private static Feature parseOne(String name) {
        return Arrays.stream(values())
                .filter(f -> f.id().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no feature is named \"" + name + "\"; there are "
                        + Arrays.stream(values()).map(Feature::id).collect(Collectors.joining(", "))));
    }
}
