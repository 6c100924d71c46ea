package jsgx.launch.guest;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.epc.Epc;
import jsgx.driver.DriverOptions;
import jsgx.driver.Workload;

/**
 * How a virtual machine is made.
 *
 * @param vepc the sizes of its EPC sections in bytes; each is a vEPC of its own on the host
 * @param workload what the host charges its EPC and its launches to
 * @param features what its CPUID shows, as far as the host has it
 * @param featureControl what its firmware writes to IA32_FEATURE_CONTROL; SGX_LC only counts with launch control in its CPUID
 * @param lePubKeyHash what its firmware writes to the hash MSRs, 32 bytes; empty where it leaves Intel's
 * @param provisioning whether its enclaves may have PROVISIONKEY
 * @param kernel the settings of its kernel's SGX driver
 */
public record GuestOptions(
        List<Long> vepc,
        Workload workload,
        CpuFeatures features,
        long featureControl,
        byte[] lePubKeyHash,
        boolean provisioning,
        UnaryOperator<DriverOptions> kernel) {

    private static final int HASH_SIZE = 32;

    public GuestOptions {
        vepc = List.copyOf(vepc);
        if (vepc.isEmpty()) {
            throw new IllegalArgumentException("a virtual machine with SGX has at least one EPC section");
        }
        for (long section : vepc) {
            if (section <= 0 || section % Epc.PAGE_SIZE != 0) {
                throw new IllegalArgumentException("a vEPC has a positive multiple of 4096 bytes, not " + section);
            }
        }
        if (lePubKeyHash.length != 0 && lePubKeyHash.length != HASH_SIZE) {
            throw new IllegalArgumentException("the hash MSRs hold 32 bytes, not " + lePubKeyHash.length);
        }
    }

    /** A virtual machine with all that the host has, its hash MSRs writable and as after reset. */
    public static GuestOptions of(Workload workload, long... vepc) {
        return new GuestOptions(
                Arrays.stream(vepc).boxed().toList(),
                workload,
                CpuFeatures.SGX2,
                LogicalProcessor.FEATURE_CONTROL_LOCK
                        | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE
                        | LogicalProcessor.FEATURE_CONTROL_SGX_LC,
                new byte[0],
                false,
                UnaryOperator.identity());
    }

    public GuestOptions withFeatures(CpuFeatures cpuid) {
        return new GuestOptions(vepc, workload, cpuid, featureControl, lePubKeyHash, provisioning, kernel);
    }

    public GuestOptions withFeatureControl(long value) {
        return new GuestOptions(vepc, workload, features, value, lePubKeyHash, provisioning, kernel);
    }

    public GuestOptions withLePubKeyHash(byte[] hash) {
        return new GuestOptions(vepc, workload, features, featureControl, hash, provisioning, kernel);
    }

    public GuestOptions withProvisioning(boolean granted) {
        return new GuestOptions(vepc, workload, features, featureControl, lePubKeyHash, granted, kernel);
    }

    public GuestOptions withKernel(UnaryOperator<DriverOptions> settings) {
        return new GuestOptions(vepc, workload, features, featureControl, lePubKeyHash, provisioning, settings);
    }
}
