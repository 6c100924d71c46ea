package jsgx.cli.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What it takes to run an unmodified program under supervision. */
final class RunningFacts {

    private static final String NEEDED = "jsgx run needs it";

    private RunningFacts() {}

    static List<Fact> of(Host host) {
        List<Fact> facts = new ArrayList<>(List.of(
                system(host),
                cpuidFaulting(host),
                ptrace(host),
                seccomp(host),
                memfd(host),
                fsgsbase(host),
                mappings(host),
                userNamespaces(host)));
        enclu(host).ifPresent(facts::add);
        supervision(host).ifPresent(facts::add);
        return facts;
    }

    private static Fact system(Host host) {
        String subject = "system";
        String os = host.property("os.name");
        String architecture = host.property("os.arch");
        String release = host.text("/proc/sys/kernel/osrelease");
        String found = (os + " " + release).strip() + " on " + architecture;
        boolean native64 = os.equals("Linux") && architecture.equals("amd64");
        return native64
                ? Fact.good(subject, found, NEEDED)
                : Fact.missing(
                        subject, found, "jsgx run does not work here; all other commands do", "use Linux on x86-64");
    }

    private static Fact cpuidFaulting(Host host) {
        String subject = "CPUID faulting";
        Set<String> flags = Set.of(host.field("/proc/cpuinfo", "flags").split(" +"));
        return flags.contains("cpuid_fault")
                ? Fact.good(
                        subject,
                        "the processor can make CPUID trap",
                        "jsgx run shows a program the model's CPUID with it")
                : Fact.missing(
                        subject,
                        "not in this processor, or hidden by its hypervisor",
                        "jsgx run replaces CPUID where it finds it in a program's files: a program that makes code"
                                + " while it runs will see this processor's SGX there",
                        "an Intel processor since Ivy Bridge, or a hypervisor that passes it on");
    }

    private static Fact ptrace(Host host) {
        String subject = "ptrace";
        String scope = host.text("/proc/sys/kernel/yama/ptrace_scope");
        String doesNot = "jsgx run does not work";
        return switch (scope) {
            case "3" ->
                Fact.missing(
                        subject,
                        "switched off until reboot (kernel.yama.ptrace_scope = 3)",
                        doesNot,
                        "reboot with kernel.yama.ptrace_scope = 1 or 2 in /etc/sysctl.d");
            case "2" ->
                Fact.missing(
                        subject,
                        "only for administrators (kernel.yama.ptrace_scope = 2)",
                        doesNot + " but by root",
                        "sudo sysctl kernel.yama.ptrace_scope=1");
            default -> Fact.good(subject, "a process may trace its children", NEEDED);
        };
    }

    private static Fact seccomp(Host host) {
        String subject = "seccomp";
        Set<String> actions =
                Set.of(host.text("/proc/sys/kernel/seccomp/actions_avail").split(" +"));
        if (!actions.contains("trace") || !actions.contains("trap")) {
            return Fact.missing(
                    subject,
                    "the kernel has no filters with trace and trap",
                    "jsgx run does not work",
                    "a kernel with CONFIG_SECCOMP_FILTER");
        }
        boolean filtered = host.field("/proc/self/status", "Seccomp").equals("2");
        return Fact.good(
                subject,
                "filters with trace and trap" + (filtered ? "; one is on this process already, as in a container" : ""),
                filtered ? "that filter may forbid ptrace: in Docker add  --cap-add SYS_PTRACE" : NEEDED);
    }

    private static Fact memfd(Host host) {
        String subject = "memfd";
        return host.text("/proc/sys/vm/memfd_noexec").equals("2")
                ? Fact.missing(
                        subject,
                        "never executable (vm.memfd_noexec = 2)",
                        "jsgx run does not work: enclave pages in shared memory cannot be executed",
                        "sudo sysctl vm.memfd_noexec=1")
                : Fact.good(subject, "may be mapped executable", NEEDED);
    }

    private static Fact fsgsbase(Host host) {
        String subject = "FSGSBASE";
        Set<String> flags = Set.of(host.field("/proc/cpuinfo", "flags").split(" +"));
        return flags.contains("fsgsbase")
                ? Fact.good(
                        subject,
                        "programs may set FS and GS base themselves",
                        "a stub in the program can enter enclaves")
                : Fact.missing(
                        subject,
                        "not in this processor or its kernel",
                        "jsgx run has a tracer supervise programs, which is slower",
                        "a processor since Ivy Bridge, and Linux 5.9 or later without nofsgsbase");
    }

    private static Fact mappings(Host host) {
        String subject = "mappings";
        String most = host.text("/proc/sys/vm/max_map_count");
        if (most.isEmpty()) {
            return Fact.notNeeded(subject, "the kernel does not say how many a process may have", "nothing follows");
        }
        return Fact.good(
                subject,
                "up to " + most + " a process (vm.max_map_count)",
                "jsgx run needs one for each run of enclave pages that lie side by side in the EPC and have the same"
                        + " permissions; more:  sudo sysctl vm.max_map_count=…");
    }

    private static Fact userNamespaces(Host host) {
        String subject = "user namespaces";
        String none = "jsgx run serves device files by system call and needs none";
        String most = host.text("/proc/sys/user/max_user_namespaces");
        if (most.isEmpty() || most.equals("0")) {
            return Fact.notNeeded(
                    subject,
                    most.isEmpty() ? "the kernel has none" : "none allowed (user.max_user_namespaces = 0)",
                    none);
        }
        if (host.text("/proc/sys/kernel/unprivileged_userns_clone").equals("0")) {
            return Fact.notNeeded(subject, "only for root (kernel.unprivileged_userns_clone = 0)", none);
        }
        if (host.text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").equals("1")) {
            return Fact.notNeeded(
                    subject, "restricted by AppArmor (kernel.apparmor_restrict_unprivileged_userns = 1)", none);
        }
        return Fact.notNeeded(subject, "any user may make one", none);
    }

    /** What the instruction does on this processor, where somebody tried it. */
    private static Optional<Fact> enclu(Host host) {
        String subject = "ENCLU";
        String signal = host.property(Trial.ENCLU);
        return switch (signal) {
            case "" -> Optional.empty();
            case "SIGILL" -> Optional.of(Fact.good(subject, "raises #UD (SIGILL)", "jsgx run serves it there"));
            case "SIGSEGV" ->
                Optional.of(
                        Fact.good(subject, "is executed, and raises #GP or #PF (SIGSEGV)", "jsgx run serves it there"));
            default ->
                Optional.of(Fact.missing(
                        subject,
                        "does not fault: " + signal,
                        "jsgx run does not work: it never hears of it",
                        "switch SGX off in the firmware"));
        };
    }

    /** What happened to a program that was run for a trial. */
    private static Optional<Fact> supervision(Host host) {
        String subject = "jsgx run";
        String how = host.property(Trial.SUPERVISION);
        String failure = host.property(Trial.FAILURE);
        if (how.isEmpty() && failure.isEmpty()) {
            return Optional.empty();
        }
        if (!failure.isEmpty()) {
            return Optional.of(Fact.missing(
                    subject, failure, "programs that expect SGX cannot be run here", "what the message says"));
        }
        return Optional.of(Fact.good(
                subject,
                "a program ran",
                how.equals("fast")
                        ? "supervised by a stub in it, the fast way"
                        : "supervised by a tracer, the slower way"));
    }
}
