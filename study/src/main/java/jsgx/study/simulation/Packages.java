package jsgx.study.simulation;

import java.util.Arrays;
import jsgx.study.trace.Trace;

/**
 * What the launch keys of all packages depend on at one moment of a trace: which package a machine is on, which launch enclave a package has, and its
 * CPUSVN. Launch enclaves of the same number have the same signer on all packages.
 */
final class Packages {

    private final int[] ofMachine;
    private final int[] launchEnclave;
    private final int[] cpuSvn;

    Packages(Trace trace) {
        ofMachine = new int[trace.machines().size()];
        Arrays.setAll(ofMachine, trace::processor);
        launchEnclave = new int[trace.processors()];
        cpuSvn = new int[trace.processors()];
    }

    int of(int machine) {
        return ofMachine[machine];
    }

    /** How often the launch enclave of a machine's package was rotated. */
    int launchEnclave(int machine) {
        return launchEnclave[ofMachine[machine]];
    }

    /** How much higher CPUSVN of a machine's package is than at first. */
    int cpuSvn(int machine) {
        return cpuSvn[ofMachine[machine]];
    }

    void migrate(int machine, int to) {
        ofMachine[machine] = to;
    }

    void rotate(int processor) {
        launchEnclave[processor]++;
    }

    void raise(int processor) {
        cpuSvn[processor]++;
    }

    void lower(int processor) {
        cpuSvn[processor]--;
    }
}
