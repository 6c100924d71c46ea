package jsgx.image;

import java.util.List;
import jsgx.arch.struct.Sigstruct;

/**
 * Whether a SIGSTRUCT is one that EINIT would take, finding by finding.
 *
 * @param findings one for each part, in the order in which EINIT looks
 */
public record SigstructCheck(List<Finding> findings) {

    /** What is looked at. */
    public enum Part {
        HEADER,
        VENDOR,
        HEADER2,
        EXPONENT,
        RESERVED,
        MODULUS,
        SIGNATURE,
        Q1,
        Q2
    }

    /** What one part should be and is. */
    public record Finding(Part part, boolean valid, String expected, String found) {}

    /** Looks at every part; nothing in a SIGSTRUCT makes it throw. */
    public static SigstructCheck check(Sigstruct sigstruct) {
        return Skeleton.absent();
    }

    /** SHA-256 of the modulus in lower-case hex. */
    public static String mrSigner(Sigstruct sigstruct) {
        return Skeleton.absent();
    }

    /** Whether every part is valid. */
    public boolean valid() {
        return findings.stream().allMatch(Finding::valid);
    }

    /** What was found of one part. */
    public Finding finding(Part part) {
        return findings.stream().filter(f -> f.part() == part).findFirst().orElseThrow();
    }
}
