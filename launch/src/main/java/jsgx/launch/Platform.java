package jsgx.launch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.image.SigningKey;
import jsgx.launch.le.LeProfile;

/**
 * The machine that jsgx is: what a package has burnt in, what firmware and microcode made of it, and the key that signs
 * its launch enclave. It is made once and kept ({@link PlatformFile}), so that a token or a sealed file outlives a process
 * as it outlives a reboot.
 *
 * @param features what CPUID shows
 * @param fuses the secrets under which every key is derived
 * @param cpuSvn CR_CPUSVN
 * @param ownerEpoch CR_SGXOWNEREPOCH
 * @param launchControl how firmware left launch control
 * @param epcSections the sizes of the EPC's sections in bytes
 * @param leKey the key that signs the launch enclave
 * @param leProfile what the launch enclave refuses
 */
public record Platform(
        CpuFeatures features,
        Fuses fuses,
        CpuSvn cpuSvn,
        OwnerEpoch ownerEpoch,
        LaunchControl launchControl,
        List<Long> epcSections,
        SigningKey leKey,
        LeProfile leProfile) {

    /** The size of a new platform's EPC. */
    public static final long DEFAULT_EPC = 64L << 20;

    private static final int PAGE = 4096;
    private static final int ID_SIZE = 16;
    private static final CpuSvn FIRST_CPUSVN = CpuSvn.parse("020602ff010100000000000000000000");

    public Platform {
        epcSections = List.copyOf(epcSections);
        if (epcSections.isEmpty()) {
            throw new IllegalArgumentException("a platform has at least one EPC section");
        }
        for (long section : epcSections) {
            if (section <= 0 || section % PAGE != 0) {
                throw new IllegalArgumentException(
                        "an EPC section has a positive multiple of 4096 bytes, not " + section);
            }
        }
        if (!features.flc() && (launchControl.writable() || !launchControl.isIntel())) {
            throw new IllegalArgumentException("a processor without launch control has its hash MSRs locked to Intel's"
                    + " reset value; choose features with FLC, or launch control that is locked to Intel");
        }
    }

    /**
     * A new machine: SGX2 with launch control, secrets of its own, and the hash MSRs writable and set by firmware to the signer
     * of its launch enclave.
     */
    public static Platform create(SecureRandom random) {
        SigningKey leKey = SigningKey.generate(random);
        return new Platform(
                CpuFeatures.SGX2,
                Fuses.burn(random),
                FIRST_CPUSVN,
                OwnerEpoch.random(random),
                LaunchControl.unlocked(leKey.mrSigner()),
                List.of(DEFAULT_EPC),
                leKey,
                LeProfile.V5);
    }

    /** The same machine with another processor model; without launch control its MSRs are locked to Intel's hash. */
    public Platform withFeatures(CpuFeatures other) {
        LaunchControl control = other.flc() ? launchControl : LaunchControl.LOCKED_TO_INTEL;
        return new Platform(other, fuses, cpuSvn, ownerEpoch, control, epcSections, leKey, leProfile);
    }

    /** Another package in the same machine: no key derived before can be derived again. */
    public Platform withFuses(Fuses other) {
        return new Platform(features, other, cpuSvn, ownerEpoch, launchControl, epcSections, leKey, leProfile);
    }

    /** The same machine with other microcode. */
    public Platform withCpuSvn(CpuSvn other) {
        return new Platform(features, fuses, other, ownerEpoch, launchControl, epcSections, leKey, leProfile);
    }

    /** The same machine under a new owner. */
    public Platform withOwnerEpoch(OwnerEpoch other) {
        return new Platform(features, fuses, cpuSvn, other, launchControl, epcSections, leKey, leProfile);
    }

    /** The same machine with launch control set otherwise by firmware. */
    public Platform withLaunchControl(LaunchControl other) {
        return new Platform(features, fuses, cpuSvn, ownerEpoch, other, epcSections, leKey, leProfile);
    }

    /** The same machine with another EPC. */
    public Platform withEpc(long... sections) {
        List<Long> sizes = Arrays.stream(sections).boxed().toList();
        return new Platform(features, fuses, cpuSvn, ownerEpoch, launchControl, sizes, leKey, leProfile);
    }

    /**
     * The same machine with a launch enclave of another signer: LE rotation. Where firmware set the hash MSRs to the old one, it
     * sets them to the new one.
     */
    public Platform withLeKey(SigningKey other) {
        boolean follows = launchControl.hash().equals(leKey.mrSigner());
        LaunchControl control = follows ? launchControl.withHash(other.mrSigner()) : launchControl;
        return new Platform(features, fuses, cpuSvn, ownerEpoch, control, epcSections, other, leProfile);
    }

    /** The same machine with a launch enclave that refuses other requests. */
    public Platform withLeProfile(LeProfile other) {
        return new Platform(features, fuses, cpuSvn, ownerEpoch, launchControl, epcSections, leKey, other);
    }

    /** How many bytes all EPC sections have. */
    public long epcBytes() {
        return epcSections.stream().mapToLong(Long::longValue).sum();
    }

    /** MRSIGNER of the launch enclave in lower-case hex: what a driver writes into the hash MSRs. */
    public String leMrSigner() {
        return leKey.mrSigner();
    }

    /** What tells this package from every other one and says nothing of its secrets: 32 lower-case hexadecimal digits. */
    public String id() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update("jsgx platform".getBytes(StandardCharsets.US_ASCII));
            digest.update(fuses.sealFuses());
            return HexFormat.of().formatHex(digest.digest(fuses.packageKey()), 0, ID_SIZE);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The processor package, just out of reset, with an EPC of its own. */
    public ProcessorPackage powerOn(Random random) {
        return powerOn(
                random,
                Epc.allocate(epcSections.stream().mapToLong(Long::longValue).toArray()));
    }

    /**
     * The processor package, just out of reset.
     *
     * @param epc its EPC, with sections as this machine has them
     */
    public ProcessorPackage powerOn(Random random, Epc epc) {
        if (!epc.ranges().stream().map(Epc.Range::bytes).toList().equals(epcSections)) {
            throw new IllegalArgumentException(
                    "the platform has EPC sections of %s bytes, not %s".formatted(epcSections, epc.ranges()));
        }
        return new ProcessorPackage(fuses, features, cpuSvn, ownerEpoch.bytes(), epc, random);
    }

    /** Says nothing of the secrets. */
    @Override
    public String toString() {
        return "Platform[cpuSvn=%s, ownerEpoch=%s, launchControl=%s, epc=%s, leMrSigner=%s, leProfile=%s]"
                .formatted(cpuSvn, ownerEpoch, launchControl, epcSections, leMrSigner(), leProfile);
    }
}
