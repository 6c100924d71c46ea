package jsgx.cli.doctor;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.Leaf;
import jsgx.arch.ProcessorPackage;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Reg;
import jsgx.image.x86.StaticElf;
import jsgx.image.x86.StaticElf.Segment;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.EventSink;

/** What only a trial tells of a machine: small programs that are run, bare and supervised. */
public final class Trial {

    /** The signal that ENCLU raises, {@code SIGILL} or {@code SIGSEGV}; else how the trial ended. */
    static final String ENCLU = "jsgx.trial.enclu";

    /** How a program was supervised. */
    static final String SUPERVISION = "jsgx.trial.supervision";

    /** Why none could be run. */
    static final String FAILURE = "jsgx.trial.failure";

    private static final int SYS_PRCTL = 157;
    private static final int SYS_EXIT_GROUP = 231;
    private static final int PR_SET_DUMPABLE = 4;
    private static final int SIGILL = 128 + 4;
    private static final int SIGSEGV = 128 + 11;
    private static final long EPC = 1 << 20;
    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x80_0000;

    private Trial() {}

    /** The trials on this machine; empty where it is no Linux on x86-64. */
    public static Map<String, String> here() {
        if (!System.getProperty("os.name", "").equals("Linux")
                || !System.getProperty("os.arch", "").equals("amd64")) {
            return Map.of();
        }
        Map<String, String> found = new TreeMap<>();
        try {
            Path folder = Files.createTempDirectory("jsgx-trial-");
            Path program = folder.resolve("program");
            try {
                Files.write(program, enclu());
                Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
                found.put(ENCLU, bare(program));
                Files.write(program, exit());
                supervised(program, found);
            } finally {
                Files.deleteIfExists(program);
                Files.delete(folder);
            }
        } catch (IOException e) {
            found.put(FAILURE, "the trial could not be made: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return found;
    }

    private static String bare(Path program) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(program.toString())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "no end";
        }
        return switch (process.exitValue()) {
            case SIGILL -> "SIGILL";
            case SIGSEGV -> "SIGSEGV";
            default -> "exit status " + process.exitValue();
        };
    }

    private static void supervised(Path program, Map<String, String> found) {
        MachineOptions options = MachineOptions.defaults();
        SecureRandom random = new SecureRandom();
        try (SharedEpc epc = SharedEpc.allocate(List.of(EPC))) {
            ProcessorPackage cpu = new ProcessorPackage(
                    Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random);
            try (SgxDriver driver = new SgxDriver(cpu, Machine.driver(DriverOptions.defaults(), options))) {
                int status = Machine.run(List.of(program.toString()), options, driver, epc, EventSink.NONE);
                if (status == 0) {
                    found.put(SUPERVISION, Machine.supervision(options).name().toLowerCase(Locale.ROOT));
                } else {
                    found.put(FAILURE, "a program that should end with 0 ended with " + status);
                }
            }
        } catch (MachineException e) {
            found.put(FAILURE, String.valueOf(e.getMessage()));
        } catch (LinkageError e) {
            // A C library without what jsgx asks of it.
            found.put(FAILURE, "the system's C library cannot be used: " + e.getMessage());
        }
    }

    /** EENTER outside of any enclave, in a process that leaves no core file. */
    private static byte[] enclu() {
        Assembler asm = new Assembler();
        asm.mov32(Reg.RDI, PR_SET_DUMPABLE)
                .zero(Reg.RSI)
                .mov32(Reg.RAX, SYS_PRCTL)
                .syscall();
        asm.mov(Reg.RBX, DATA)
                .zero(Reg.RCX)
                .mov32(Reg.RAX, Leaf.EENTER.number())
                .enclu();
        return elf(asm);
    }

    private static byte[] exit() {
        return elf(new Assembler());
    }

    private static byte[] elf(Assembler asm) {
        asm.zero(Reg.RDI).mov32(Reg.RAX, SYS_EXIT_GROUP).syscall();
        return StaticElf.of(CODE, List.of(Segment.code(CODE, asm.toBytes()), Segment.data(DATA, new byte[4096])));
    }
}
