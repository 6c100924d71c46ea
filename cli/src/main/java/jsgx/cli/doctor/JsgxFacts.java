package jsgx.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.StateFolder;
import org.jspecify.annotations.Nullable;

/** What the commands of jsgx themselves need. */
final class JsgxFacts {

    private static final String NO_LAUNCH = "launch, token verify, platform and demo do not work";

    /** What the JVM takes besides the EPC. */
    private static final long JVM_BYTES = 96L << 20;

    private static final int FIRST_JAVA = 25;

    private JsgxFacts() {}

    static List<Fact> of(Host host) {
        List<Fact> facts = new ArrayList<>();
        facts.add(jdk(host));
        long epc = state(host, facts);
        facts.add(memory(host, epc));
        facts.add(DaemonFacts.of(host));
        return facts;
    }

    private static Fact jdk(Host host) {
        String subject = "JDK";
        String version = host.property("java.version");
        String found = "Java " + version + " in " + host.property("java.home");
        return feature(version) >= FIRST_JAVA
                ? Fact.good(subject, found, "what jsgx needs")
                : Fact.broken(
                        subject,
                        found,
                        "jsgx does not start",
                        "install JDK " + FIRST_JAVA + " or later, or point JAVA_HOME at one");
    }

    private static int feature(String version) {
        try {
            return Runtime.Version.parse(version).feature();
        } catch (IllegalArgumentException e) {
            return 0;
        }
    }

    /** Adds the facts about the state folder and returns the size of the platform's EPC. */
    private static long state(Host host, List<Fact> facts) {
        String subject = "state folder";
        String remedy = "set JSGX_HOME to a folder of your own";
        Path shown;
        try {
            shown = StateFolder.path(host.environment());
        } catch (LaunchException e) {
            facts.add(Fact.broken(subject, String.valueOf(e.getMessage()), NO_LAUNCH, remedy));
            return Platform.DEFAULT_EPC;
        }
        Path folder = host.path(shown.toString());
        Path existing = existing(folder);
        if (!Files.isDirectory(existing)) {
            facts.add(Fact.broken(subject, shown + " lies under a file, " + existing, NO_LAUNCH, remedy));
        } else if (!Files.isWritable(existing)) {
            facts.add(Fact.broken(subject, shown + " cannot be written", NO_LAUNCH, remedy));
        } else if (!existing.equals(folder)) {
            facts.add(Fact.good(subject, shown + ", not there yet", "made when a platform is first needed"));
        } else {
            facts.add(permissions(
                    subject,
                    folder,
                    "rwx------",
                    shown.toString(),
                    "keys are kept here, for you alone",
                    "chmod 700 " + shown));
            return platform(folder, shown, facts);
        }
        return Platform.DEFAULT_EPC;
    }

    private static long platform(Path folder, Path shown, List<Fact> facts) {
        String subject = "platform";
        PlatformFile file = PlatformFile.in(folder);
        Path name = shown.resolve(file.path().getFileName());
        if (!file.exists()) {
            facts.add(Fact.good(subject, "none yet", "the first launch makes one"));
            return Platform.DEFAULT_EPC;
        }
        try {
            Platform platform = file.load();
            facts.add(permissions(
                    subject, file.path(), "rw-------", name.toString(), "can be read", "chmod 600 " + name));
            facts.add(launchControl(platform));
            return platform.epcBytes();
        } catch (LaunchException e) {
            facts.add(Fact.broken(
                    subject,
                    String.valueOf(e.getMessage()),
                    NO_LAUNCH,
                    "put the file right, or make a new platform with  jsgx platform new --force: old tokens end with the"
                            + " old one"));
            return Platform.DEFAULT_EPC;
        }
    }

    /** What follows from how the platform's firmware left the hash MSRs. */
    private static Fact launchControl(Platform platform) {
        String subject = "launch control";
        LaunchControl control = platform.launchControl();
        if (!control.sgxEnabled()) {
            return Fact.notNeeded(
                    subject,
                    "the platform's firmware left SGX disabled",
                    "no interface has a device; a platform with SGX:  jsgx platform new");
        }
        if (control.writable()) {
            return Fact.good(subject, "the platform's hash MSRs can be written", "each interface works");
        }
        String signer = control.hash();
        return signer.equals(platform.leMrSigner())
                ? Fact.notNeeded(
                        subject,
                        "the platform's hash MSRs are locked to its launch enclave's signer, " + signer,
                        "mainline has no device; v5 and isgx work")
                : Fact.notNeeded(
                        subject,
                        "the platform's hash MSRs are locked to another owner, " + signer,
                        "mainline has no device, and v5 does not start, as EINIT refuses its launch enclave with code 2;"
                                + " isgx works with tokens of that owner's launch enclave, and what that owner signed needs none");
    }

    private static Fact permissions(
            String subject, Path path, String wanted, String shown, String follows, String remedy) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
            return PosixFilePermissions.fromString(wanted).containsAll(permissions)
                    ? Fact.good(subject, shown, follows)
                    : Fact.broken(
                            subject,
                            shown + " is open to others (" + PosixFilePermissions.toString(permissions) + ")",
                            "others may have read its keys: " + NO_LAUNCH,
                            remedy + "; if others use this machine, make a new platform too");
        } catch (IOException | UnsupportedOperationException e) {
            return Fact.good(subject, shown, follows);
        }
    }

    /** The path itself or the nearest folder above it that is there. */
    private static Path existing(Path path) {
        @Nullable Path candidate = path;
        while (candidate != null && !Files.exists(candidate, LinkOption.NOFOLLOW_LINKS)) {
            candidate = candidate.getParent();
        }
        return candidate == null ? path : candidate;
    }

    private static Fact memory(Host host, long epc) {
        String subject = "memory";
        long available = available(host);
        if (available < 0) {
            return Fact.notNeeded(subject, "the system does not say how much is free", "nothing follows");
        }
        String found = mib(available) + " free; the platform's EPC takes " + mib(epc);
        return available >= epc + JVM_BYTES
                ? Fact.good(subject, found, "enough")
                : Fact.broken(
                        subject,
                        found + ", the JVM about " + mib(JVM_BYTES),
                        "a launch may be killed for want of memory",
                        "a smaller EPC, with  jsgx launch --epc 16MiB  or  jsgx platform set --epc 16MiB");
    }

    /** Bytes that a process may still take; negative where nothing is known. */
    private static long available(Host host) {
        String free = host.field("/proc/meminfo", "MemAvailable");
        long bytes = free.isEmpty() ? -1 : number(free.replace(" kB", "")) * 1024;
        long limit = number(host.text("/sys/fs/cgroup/memory.max"));
        long used = number(host.text("/sys/fs/cgroup/memory.current"));
        if (limit >= 0 && used >= 0) {
            long left = Math.max(0, limit - used);
            return bytes < 0 ? left : Math.min(bytes, left);
        }
        return bytes;
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.0f MiB", bytes / 1048576.0);
    }
}
