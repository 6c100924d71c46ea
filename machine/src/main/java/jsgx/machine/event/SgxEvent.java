package jsgx.machine.event;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.driver.Refusal;
import org.jspecify.annotations.Nullable;

/** Something of SGX that happened in a run. */
public sealed interface SgxEvent {

    /** What events can be chosen by. */
    enum Kind {
        OPEN,
        IOCTL,
        MAP,
        ENCLU,
        AEX,
        FAULT,
        RECLAIM,
        PROCESS;

        /** Its name on a command line and in JSON. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The kind of that name; empty where there is none. */
        public static Optional<Kind> of(String id) {
            for (Kind kind : values()) {
                if (kind.id().equals(id)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    Kind kind();

    /** The process (thread group). */
    int pid();

    /** The thread; the process where it is no thread's event. */
    int tid();

    /** The enclave's number; 0 where none is known. */
    default long enclave() {
        return 0;
    }

    /** A device was opened; the result is a descriptor or a negated errno. */
    record Opened(int pid, int tid, String path, long result) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.OPEN;
        }
    }

    /** The last descriptor of an open device was closed. */
    record Released(int pid, int tid, String path) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.OPEN;
        }
    }

    /**
     * An ioctl of a device; {@link IoctlCall} makes them.
     *
     * @param name the request's name, without SGX_IOC_
     * @param arguments its decoded arguments by name, for people; one without a value is a flag
     * @param result as the program sees it
     * @param nanos how long it took
     * @param refusal why it failed in the driver itself; null where it did not
     * @param outcome what the leaf did that made it fail; null where none did
     */
    record Ioctl(
            int pid,
            int tid,
            long enclave,
            String path,
            String name,
            SequencedMap<String, String> arguments,
            long result,
            long nanos,
            @Nullable Refusal refusal,
            @Nullable Outcome outcome)
            implements SgxEvent {

        /** Whether it is an INIT, which launch control judges. */
        public boolean isInit() {
            return name.startsWith("ENCLAVE_INIT");
        }

        /** What it said of one argument; empty where it said nothing. */
        public Optional<String> argument(String argument) {
            return Optional.ofNullable(arguments.get(argument));
        }

        @Override
        public Kind kind() {
            return Kind.IOCTL;
        }
    }

    /** mmap, mprotect, munmap or mremap of a mapping of a device; the result as the program sees it. */
    record Mapped(int pid, int tid, long enclave, String call, long address, long length, int protection, long result)
            implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.MAP;
        }
    }

    /**
     * An ENCLU leaf.
     *
     * @param outcome success, code or fault, for people
     * @param nanos how long serving it took
     */
    record Enclu(int pid, int tid, long enclave, Leaf leaf, long rbx, long rcx, long rdx, String outcome, long nanos)
            implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.ENCLU;
        }
    }

    /**
     * ENCLU leaves that the program's own stub served without asking, told when the thread ends: they have no events of their own.
     *
     * @param counts how often, by leaf
     */
    record Unasked(int pid, int tid, long enclave, Map<Leaf, Long> counts) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.ENCLU;
        }
    }

    /**
     * An asynchronous exit.
     *
     * @param cause the exception without its error code ({@code #PF}), or the interrupt, for people
     * @param detail what else is known of the cause, with its error code; may be empty
     * @param address of the page, null where the cause has none
     */
    record AsynchronousExit(
            int pid,
            int tid,
            long enclave,
            String cause,
            String detail,
            @Nullable Long address,
            long rip) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.AEX;
        }
    }

    /**
     * A page fault in a mapping of a device that the driver was asked to repair.
     *
     * @param answer what the driver said
     */
    record PageFault(int pid, int tid, long enclave, long address, boolean write, String answer) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.FAULT;
        }
    }

    /** A page left the program's memory because the EPC was short of pages, or came back. */
    record PageMoved(int pid, int tid, long enclave, long address, boolean reclaimed) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.RECLAIM;
        }
    }

    /** A process of the run began (fork or exec), or ended. */
    record Process(int pid, int tid, String what) implements SgxEvent {
        @Override
        public Kind kind() {
            return Kind.PROCESS;
        }
    }
}
