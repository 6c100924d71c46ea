package jsgx.launch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.image.ImageException;
import jsgx.image.SigningKey;
import jsgx.launch.le.LeProfile;

/**
 * The text of a platform file, version 1: a first line that names the format, then one line for each field in a fixed order,
 * a name, a space and a value, and at last the SHA-256 of all bytes before that line. Byte strings are lower-case hex, sizes
 * and numbers decimal, masks 0x and hex; lines end in LF.
 *
 * <pre>
 * jsgx platform 1
 * features     the names of those that the processor has, with commas between
 * miscselect   CPUID.12.0:EBX
 * xfrm         CPUID.12.1:ECX and EDX
 * maxsize      log2 of the largest enclave outside 64-bit mode, and in it
 * sealfuses    CR_SEAL_FUSES
 * packagekey   what keys are derived under
 * cpusvn       CR_CPUSVN
 * ownerepoch   CR_SGXOWNEREPOCH
 * sgx          enabled or disabled
 * hashmsrs     writable or locked, and what they hold after reset
 * epc          the sizes of its sections in bytes, with commas between
 * leprofile    what the launch enclave refuses
 * lekey        its signer's RSA key: PKCS #8 in base64
 * sha256       of all the lines before
 * </pre>
 */
final class PlatformFormat {

    private static final String HEADER = "jsgx platform ";
    private static final int VERSION = 1;
    private static final String SHA256 = "sha256 ";
    private static final String PEM_BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String PEM_END = "-----END PRIVATE KEY-----";
    private static final int PEM_LINE = 64;
    private static final String ADVICE =
            "restore it from a copy, or start anew with  jsgx platform new  (sealed data and tokens of the old one are lost)";

    private PlatformFormat() {}

    static byte[] format(Platform platform) {
        CpuFeatures features = platform.features();
        Fuses fuses = platform.fuses();
        HexFormat hex = HexFormat.of();
        LaunchControl control = platform.launchControl();
        String body = HEADER + VERSION + "\n"
                + "features " + Feature.names(features) + "\n"
                + "miscselect 0x" + Integer.toHexString(features.miscSelect()) + "\n"
                + "xfrm 0x" + Long.toHexString(features.xfrm()) + "\n"
                + "maxsize " + features.log2MaxSize32() + "," + features.log2MaxSize64() + "\n"
                + "sealfuses " + hex.formatHex(fuses.sealFuses()) + "\n"
                + "packagekey " + hex.formatHex(fuses.packageKey()) + "\n"
                + "cpusvn " + platform.cpuSvn() + "\n"
                + "ownerepoch " + platform.ownerEpoch() + "\n"
                + "sgx " + (control.sgxEnabled() ? "enabled" : "disabled") + "\n"
                + "hashmsrs " + (control.writable() ? "writable" : "locked") + "," + control.hash() + "\n"
                + "epc " + platform.epcSections().stream().map(String::valueOf).collect(Collectors.joining(",")) + "\n"
                + "leprofile " + platform.leProfile().id() + "\n"
                + "lekey " + base64(platform.leKey()) + "\n";
        return (body + SHA256 + sha256(body) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    static Platform parse(Path file, byte[] bytes) throws LaunchException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        checkHeader(file, text);
        int last = text.lastIndexOf("\n" + SHA256) + 1;
        if (last == 0 || !text.endsWith("\n")) {
            throw broken(file, "it is cut short: expected a last line that begins with \"sha256\"");
        }
        String body = text.substring(0, last);
        if (!text.substring(last).equals(SHA256 + sha256(body) + "\n")) {
            throw broken(file, "its checksum does not match its content: it was changed or damaged");
        }
        Lines lines = new Lines(file, body);
        lines.next(HEADER.strip());
        try {
            return platform(lines);
        } catch (IllegalArgumentException | ImageException e) {
            // The right checksum over a wrong value: somebody edited the file with care.
            throw broken(file, "line %d: %s".formatted(lines.number(), e.getMessage()));
        }
    }

    private static void checkHeader(Path file, String text) throws LaunchException {
        if (!text.startsWith(HEADER)) {
            throw broken(file, "it does not begin with \"" + HEADER.strip() + "\": it is no platform file");
        }
        int end = text.indexOf('\n');
        String version = text.substring(HEADER.length(), end < 0 ? text.length() : end);
        if (!version.equals(String.valueOf(VERSION))) {
            throw new LaunchException(
                    "%s: format version \"%s\", expected %d: another version of jsgx wrote it; use that one, or another JSGX_HOME"
                            .formatted(file, version.length() > 16 ? version.substring(0, 16) : version, VERSION));
        }
    }

    private static Platform platform(Lines lines) throws LaunchException, ImageException {
        List<Feature> features = Feature.parse(lines.next("features"));
        int miscSelect = (int) mask(lines.next("miscselect"));
        long xfrm = mask(lines.next("xfrm"));
        List<String> sizes = List.of(lines.next("maxsize").split(",", -1));
        if (sizes.size() != 2) {
            throw new IllegalArgumentException("expected two sizes with a comma between, found " + sizes.size());
        }
        CpuFeatures cpu = Feature.features(
                features, miscSelect, xfrm, Integer.parseInt(sizes.getFirst()), Integer.parseInt(sizes.getLast()));
        HexFormat hex = HexFormat.of();
        Fuses fuses = new Fuses(hex.parseHex(lines.next("sealfuses")), hex.parseHex(lines.next("packagekey")));
        CpuSvn cpuSvn = CpuSvn.parse(lines.next("cpusvn"));
        OwnerEpoch epoch = new OwnerEpoch(hex.parseHex(lines.next("ownerepoch")));
        boolean enabled = choice(lines.next("sgx"), "enabled", "disabled");
        List<String> msrs = List.of(lines.next("hashmsrs").split(",", 2));
        LaunchControl control =
                new LaunchControl(enabled, choice(msrs.getFirst(), "writable", "locked"), msrs.getLast());
        List<Long> epc = Arrays.stream(lines.next("epc").split(",", -1))
                .map(Long::parseLong)
                .toList();
        String id = lines.next("leprofile");
        LeProfile profile = LeProfile.of(id)
                .orElseThrow(() -> new IllegalArgumentException("no launch enclave has the profile \"" + id + "\""));
        SigningKey key = SigningKey.parse(pem(lines.next("lekey")));
        lines.end();
        return new Platform(cpu, fuses, cpuSvn, epoch, control, epc, key, profile);
    }

    private static LaunchException broken(Path file, String what) {
        return new LaunchException(file + ": " + what + "; " + ADVICE);
    }

    private static long mask(String value) {
        if (!value.startsWith("0x")) {
            throw new IllegalArgumentException("expected a mask such as 0x3, found \"" + value + "\"");
        }
        return Long.parseUnsignedLong(value.substring(2), 16);
    }

    private static boolean choice(String value, String yes, String no) {
        if (!value.equals(yes) && !value.equals(no)) {
            throw new IllegalArgumentException("expected \"%s\" or \"%s\", found \"%s\"".formatted(yes, no, value));
        }
        return value.equals(yes);
    }

    private static String base64(SigningKey key) {
        return key.toPem()
                .lines()
                .filter(line -> !line.startsWith("-----"))
                .map(String::strip)
                .collect(Collectors.joining());
    }

    private static String pem(String base64) {
        StringBuilder pem = new StringBuilder(PEM_BEGIN).append('\n');
        for (int i = 0; i < base64.length(); i += PEM_LINE) {
            pem.append(base64, i, Math.min(base64.length(), i + PEM_LINE)).append('\n');
        }
        return pem.append(PEM_END).append('\n').toString();
    }

    private static String sha256(String text) {
        try {
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The lines of a body, one after the other. */
    private static final class Lines {
        private final Path file;
        private final List<String> lines;
        private int number;

        Lines(Path file, String body) {
            this.file = file;
            this.lines = body.lines().toList();
        }

        /** The number of the line that was read last, from 1. */
        int number() {
            return number;
        }

        /** The value of the next line, which must have this name. */
        String next(String name) throws LaunchException {
            String line = number < lines.size() ? lines.get(number) : "";
            number++;
            if (!line.startsWith(name + " ")) {
                throw broken(file, "line %d: expected \"%s\"".formatted(number, name));
            }
            return line.substring(name.length() + 1);
        }

        void end() throws LaunchException {
            if (number != lines.size()) {
                throw broken(file, "line %d: expected no more fields".formatted(number + 1));
            }
        }
    }
}
