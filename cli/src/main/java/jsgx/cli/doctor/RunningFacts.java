package jsgx.cli.doctor;

import java.util.List;
import java.util.Set;

/** What it takes to run an unmodified program under supervision, which this release of jsgx does not do yet. */
final class RunningFacts {

    private static final String NEEDED = "for running unmodified programs, in a later release";

    private RunningFacts() {}

    static List<Fact> of(Host host) {
        return List.of(
                system(host), cpuidFaulting(host), ptrace(host), seccomp(host), memfd(host), userNamespaces(host));
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
                        subject,
                        found,
                        "unmodified programs cannot run here; all commands of this release do",
                        "use Linux on x86-64");
    }

    private static Fact cpuidFaulting(Host host) {
        String subject = "CPUID faulting";
        Set<String> flags = Set.of(host.field("/proc/cpuinfo", "flags").split(" +"));
        return flags.contains("cpuid_fault")
                ? Fact.good(subject, "the processor can make CPUID trap", NEEDED)
                : Fact.missing(
                        subject,
                        "not in this processor, or hidden by its hypervisor",
                        "a program that asks CPUID will see this processor's SGX, not the model's",
                        "an Intel processor since Ivy Bridge, or a hypervisor that passes it on");
    }

    private static Fact ptrace(Host host) {
        String subject = "ptrace";
        String scope = host.text("/proc/sys/kernel/yama/ptrace_scope");
        String doesNot = "programs cannot be supervised";
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
        if (!actions.contains("trace") || !actions.contains("user_notif")) {
            return Fact.missing(
                    subject,
                    "the kernel has no filters with trace and user_notif",
                    "every system call of a supervised program stops, not just those that matter: many times slower",
                    "a kernel with CONFIG_SECCOMP_FILTER, 5.0 or later");
        }
        boolean filtered = host.field("/proc/self/status", "Seccomp").equals("2");
        return Fact.good(
                subject,
                "filters with trace and user_notif"
                        + (filtered ? "; one is on this process already, as in a container" : ""),
                filtered ? "that filter may forbid ptrace: in Docker add  --cap-add SYS_PTRACE" : NEEDED);
    }

    private static Fact memfd(Host host) {
        String subject = "memfd";
        return host.text("/proc/sys/vm/memfd_noexec").equals("2")
                ? Fact.missing(
                        subject,
                        "never executable (vm.memfd_noexec = 2)",
                        "enclave pages in shared memory cannot be executed",
                        "sudo sysctl vm.memfd_noexec=1")
                : Fact.good(subject, "may be mapped executable", NEEDED);
    }

    private static Fact userNamespaces(Host host) {
        String subject = "user namespaces";
        String most = host.text("/proc/sys/user/max_user_namespaces");
        String doesNot =
                "programs run without a mount of their own: /dev/sgx_enclave has to be served by system call alone";
        if (most.isEmpty() || most.equals("0")) {
            return Fact.missing(
                    subject,
                    most.isEmpty() ? "the kernel has none" : "none allowed (user.max_user_namespaces = 0)",
                    doesNot,
                    most.isEmpty() ? "a kernel with CONFIG_USER_NS" : "sudo sysctl user.max_user_namespaces=10000");
        }
        if (host.text("/proc/sys/kernel/unprivileged_userns_clone").equals("0")) {
            return Fact.missing(
                    subject,
                    "only for root (kernel.unprivileged_userns_clone = 0)",
                    doesNot,
                    "sudo sysctl kernel.unprivileged_userns_clone=1");
        }
        if (host.text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").equals("1")) {
            return Fact.missing(
                    subject,
                    "restricted by AppArmor (kernel.apparmor_restrict_unprivileged_userns = 1)",
                    doesNot,
                    "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for java");
        }
        return Fact.good(subject, "any user may make one", NEEDED);
    }
}
