package jsgx.cli.doctor;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What the hardware and the kernel have of SGX. The model needs none of it. */
final class ProcessorFacts {

    private static final String CPUINFO = "/proc/cpuinfo";

    private ProcessorFacts() {}

    static List<Fact> of(Host host) {
        Set<String> flags = Set.of(host.field(CPUINFO, "flags").split(" +"));
        List<Fact> facts = new ArrayList<>();
        facts.add(sgx(host, flags.contains("sgx")));
        facts.add(launchControl(flags.contains("sgx"), flags.contains("sgx_lc")));
        facts.add(devices(host));
        return facts;
    }

    private static Fact sgx(Host host, boolean has) {
        String model = host.field(CPUINFO, "model name");
        String name = model.isEmpty() ? "a processor that does not tell its name" : model;
        return has
                ? Fact.good("SGX", "in " + name, "the hardware runs enclaves too; jsgx uses its model all the same")
                : Fact.notNeeded(
                        "SGX", "not in " + name + ", or off in its firmware", "enclaves run in the model only");
    }

    private static Fact launchControl(boolean sgx, boolean flc) {
        String subject = "launch control";
        if (flc) {
            return Fact.good(
                    subject,
                    "the hash MSRs can be written",
                    "the hardware launches enclaves of any signer, as the model does");
        }
        return sgx
                ? Fact.notNeeded(
                        subject,
                        "the hash MSRs are fixed to Intel's signer",
                        "on the hardware only Intel's launch enclave makes tokens; the model's MSRs are a matter of"
                                + "  jsgx platform set")
                : Fact.notNeeded(subject, "none without SGX", "the model's is a matter of  jsgx platform set");
    }

    private static Fact devices(Host host) {
        String subject = "device files";
        List<String> usable = new ArrayList<>();
        List<String> closed = new ArrayList<>();
        for (String device : List.of(
                "/dev/sgx_enclave",
                "/dev/sgx_provision",
                "/dev/sgx_vepc",
                "/dev/sgx/enclave",
                "/dev/isgx",
                "/dev/sgx")) {
            if (host.exists(device) && !Files.isDirectory(host.path(device))) {
                boolean open = Files.isReadable(host.path(device)) && Files.isWritable(host.path(device));
                (open ? usable : closed).add(device);
            }
        }
        if (usable.isEmpty() && closed.isEmpty()) {
            return Fact.notNeeded(subject, "none", "jsgx brings the driver of each interface itself");
        }
        String follows = "the kernel's own driver, which jsgx does not use";
        return closed.isEmpty()
                ? Fact.good(subject, String.join(", ", usable), follows)
                : Fact.notNeeded(
                        subject,
                        String.join(", ", closed) + " there, but not for this user to open"
                                + (usable.isEmpty() ? "" : "; open: " + String.join(", ", usable)),
                        follows);
    }
}
