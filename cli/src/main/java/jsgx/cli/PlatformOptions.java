package jsgx.cli;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Collectors;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.image.ImageException;
import jsgx.image.SigningKey;
import jsgx.launch.LaunchControl;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.le.LeProfile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that change a platform. */
final class PlatformOptions {

    @Option(names = "--features", paramLabel = "sgx1|sgx1-flc|sgx2", description = "The processor model.")
    private @Nullable String features;

    @Option(names = "--kss", negatable = true, description = "With or without key separation and sharing.")
    private @Nullable Boolean kss;

    @Option(
            names = "--flc",
            negatable = true,
            description = "With or without launch control; without it the hash MSRs are" + " locked to Intel's.")
    private @Nullable Boolean flc;

    @Option(
            names = "--epc",
            paramLabel = "SIZE",
            split = ",",
            converter = Sizes.class,
            description = "The EPC's size, or the sizes of its sections, separated by commas.")
    private long @Nullable [] epc;

    @Option(names = "--owner-epoch", paramLabel = "HEX|new", description = "CR_SGXOWNEREPOCH, 16 bytes.")
    private @Nullable String ownerEpoch;

    @Option(names = "--cpusvn", paramLabel = "HEX", description = "CR_CPUSVN, 16 bytes.")
    private @Nullable String cpuSvn;

    @Option(
            names = "--hash-msrs",
            paramLabel = "locked|unlocked",
            description = "Whether a driver can write IA32_SGXLEPUBKEYHASH0 to 3.")
    private @Nullable String hashMsrs;

    @Option(
            names = "--le-hash",
            paramLabel = "HEX|own|intel",
            description =
                    "What they hold after reset: an MRSIGNER, that of this platform's launch enclave, or Intel's.")
    private @Nullable String leHash;

    @Option(
            names = "--le-key",
            paramLabel = "PEM|new",
            description = "The key that signs the launch enclave: tokens of the one before end.")
    private @Nullable String leKey;

    @Option(names = "--le-profile", paramLabel = "v5|dcap|intel", description = "What the launch enclave refuses.")
    private @Nullable String leProfile;

    @Option(names = "--fuses", paramLabel = "new", description = "Another package in the same machine: no key stays.")
    private @Nullable String fuses;

    /** Whether none was given. */
    boolean isEmpty() {
        return features == null
                && kss == null
                && flc == null
                && epc == null
                && ownerEpoch == null
                && cpuSvn == null
                && hashMsrs == null
                && leHash == null
                && leKey == null
                && leProfile == null
                && fuses == null;
    }

    /** A platform changed as the options say. */
    Platform apply(Platform before, SecureRandom random, Surroundings surroundings)
            throws BadInput, ImageException, IOException {
        try {
            Platform platform = before.withFeatures(features(before.features()));
            if (epc != null) {
                platform = platform.withEpc(epc);
            }
            if (ownerEpoch != null) {
                platform = platform.withOwnerEpoch(
                        ownerEpoch.equals("new")
                                ? OwnerEpoch.random(random)
                                : new OwnerEpoch(bytes("--owner-epoch", ownerEpoch, OwnerEpoch.SIZE, " or new")));
            }
            if (cpuSvn != null) {
                platform = platform.withCpuSvn(new CpuSvn(bytes("--cpusvn", cpuSvn, CpuSvn.SIZE, "")));
            }
            if (fuses != null) {
                platform = platform.withFuses(newFuses(fuses, random));
            }
            if (leKey != null) {
                platform = platform.withLeKey(
                        leKey.equals("new")
                                ? SigningKey.generate(random)
                                : SigningKey.read(EnclaveOptions.existing(leKey, surroundings)));
            }
            if (leProfile != null) {
                platform = platform.withLeProfile(profile(leProfile));
            }
            return platform.withLaunchControl(launchControl(platform));
        } catch (IllegalArgumentException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
    }

    private CpuFeatures features(CpuFeatures before) throws BadInput {
        CpuFeatures model = before;
        if (features != null) {
            CpuFeatures named = PlatformReport.MODELS.get(features);
            if (named == null) {
                throw new BadInput("--features: there is no \"" + Text.printable(features)
                        + "\": expected sgx1, sgx1-flc or sgx2");
            }
            model = named;
        }
        return new CpuFeatures(
                model.sgx2(),
                flc == null ? model.flc() : flc,
                kss == null ? model.kss() : kss,
                model.enclsC(),
                model.edeccssa(),
                model.aexNotify(),
                model.eupdatesvn(),
                model.cet(),
                model.miscSelect(),
                model.xfrm(),
                model.log2MaxSize32(),
                model.log2MaxSize64());
    }

    private LaunchControl launchControl(Platform platform) throws BadInput {
        LaunchControl before = platform.launchControl();
        boolean writable = before.writable();
        if (hashMsrs != null) {
            writable = switch (hashMsrs) {
                case "locked" -> false;
                case "unlocked" -> true;
                default ->
                    throw new BadInput("--hash-msrs: \"" + Text.printable(hashMsrs)
                            + "\" is neither: expected locked or unlocked");
            };
        }
        String hash = before.hash();
        if (leHash != null) {
            hash = switch (leHash) {
                case "own" -> platform.leMrSigner();
                case "intel" -> LaunchControl.INTEL_HASH;
                default -> HexFormat.of().formatHex(bytes("--le-hash", leHash, 32, ", own or intel"));
            };
        }
        return new LaunchControl(before.sgxEnabled(), writable, hash);
    }

    private static Fuses newFuses(String word, SecureRandom random) throws BadInput {
        if (!word.equals("new")) {
            throw new BadInput("--fuses: \"" + Text.printable(word)
                    + "\": fuses are burnt at random and never told: expected new");
        }
        return Fuses.burn(random);
    }

    private static LeProfile profile(String id) throws BadInput {
        return LeProfile.of(id)
                .orElseThrow(() -> new BadInput("--le-profile: there is no \"" + Text.printable(id) + "\": expected "
                        + Arrays.stream(LeProfile.values()).map(LeProfile::id).collect(Collectors.joining(", "))));
    }

    private static byte[] bytes(String option, String hex, int size, String or) throws BadInput {
        try {
            byte[] bytes = HexFormat.of().parseHex(hex.toLowerCase(Locale.ROOT));
            if (bytes.length == size) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw new BadInput(
                option + ": \"" + Text.printable(hex) + "\": expected " + 2 * size + " hexadecimal digits" + or);
    }
}
