package jsgx.machine.remote;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import jsgx.arch.Cpuid;
import jsgx.arch.epc.Epc;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.IoctlCall;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.space.Caller;
import jsgx.machine.space.ProgramSpace;

/** The calls of a front end: each is decoded, held against what there may be, and done for the session. */
final class FrontEndCalls {

    private static final int LARGEST_COPY = 64 << 10;

    /** Drivers ask after each page: a signal may wait a little longer than the answer takes. */
    private static final long BETWEEN_LOOKS_NANOS = 2_000_000;

    private final Session session;
    private final RemoteSession given;
    private final RunRequest request;
    private final CpuidService cpuid;

    FrontEndCalls(Session session, RemoteSession given, RunRequest request) {
        this.session = session;
        this.given = given;
        this.request = request;
        // The front end answers its program's CPUID itself.
        cpuid = new CpuidService(given.driver().cpuid()::read, (leaf, subleaf) -> new Cpuid.Registers(0, 0, 0, 0));
    }

    /** Does one call. */
    void serve(Op op, In in, Out out) {
        switch (op) {
            case OPEN -> open(in, out);
            case CLOSE -> close(in);
            case SPACE -> space(in);
            case FORKED -> forked(in, out);
            case GONE -> gone(in);
            case MMAP -> mmap(in, out);
            case REPLACE -> replace(in, out);
            case MUNMAP -> munmap(in, out);
            case MPROTECT -> mprotect(in, out);
            case MOVE -> move(in, out);
            case IOCTL -> ioctl(in, out);
            case ACCESS -> access(in, out);
            case THREAD -> thread(in);
            case FAULT -> session.thread(in.i32()).fault(in, out);
            case SYSTEM_CALL_INSIDE -> session.thread(in.i32()).systemCallInside(in, out);
            case INTERRUPTED -> session.thread(in.i32()).interrupted(in, out);
            case ENDED -> ended(in);
            default -> throw new BadMessage(op + " is no call of a front end");
        }
    }

    private static long page(long address) {
        if ((address & (Epc.PAGE_SIZE - 1)) != 0 || Long.compareUnsigned(address, Linux.TASK_SIZE) > 0) {
            throw new BadMessage("an address 0x%x".formatted(address));
        }
        return address;
    }

    private void open(In in, Out out) {
        int id = in.i32();
        int node = in.u8();
        in.end();
        session.checkFree(id);
        if (node >= session.devices().size()) {
            throw new BadMessage("there is no device " + node);
        }
        try {
            ServedFile file = new ServedFile(session.devices().get(node).open(given.workload()));
            boolean entered = false;
            try {
                session.enter(id, file);
                entered = true;
            } finally {
                if (!entered) {
                    file.close();
                }
            }
            out.flag(true);
        } catch (DeviceAbsentException e) {
            out.flag(false);
        }
    }

    private void close(In in) {
        int id = in.i32();
        in.end();
        session.leaveFile(id).close();
    }

    private void space(In in) {
        int id = in.i32();
        int pid = in.i32();
        int epcDescriptor = in.i32();
        in.end();
        if (epcDescriptor < 0) {
            // That is what mmap is given where it maps no file.
            throw new BadMessage("a descriptor " + epcDescriptor);
        }
        session.enter(id, new ServedSpace(session, id, pid, epcDescriptor));
    }

    private void forked(In in, Out out) {
        ServedSpace child = session.space(in.i32());
        ServedSpace parent = session.space(in.i32());
        in.end();
        child.space().management().forked(parent.space());
        child.tellMappings(out);
    }

    private void gone(In in) {
        int id = in.i32();
        in.end();
        session.space(id).end();
        session.leaveSpace(id);
    }

    private void mmap(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        ServedFile file = session.file(in.i32());
        long address = in.i64();
        long length = in.i64();
        int protection = in.i32();
        int flags = in.i32();
        long offset = page(in.i64());
        in.end();
        if (length <= 0 || length > Linux.TASK_SIZE || (protection & ~7) != 0) {
            throw new BadMessage("a mapping of 0x%x bytes with protection %d".formatted(length, protection));
        }
        out.i64(file.calling(
                () -> space.space().management().mmap(file.file(), address, length, protection, flags, offset)));
        space.tellMappings(out);
    }

    private void replace(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        in.end();
        long result = space.space()
                .management()
                .replace(start, end, () -> session.ask(Op.RUN, new Out(), (long) -Errors.ESRCH, In::i64));
        out.i64(result);
        space.tellMappings(out);
    }

    private void munmap(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        in.end();
        out.i64(space.space().management().munmap(start, end));
        space.tellMappings(out);
    }

    private void mprotect(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        int protection = in.i32();
        in.end();
        long result = space.space()
                .management()
                .mprotect(
                        start,
                        end,
                        protection,
                        (from, to) ->
                                session.ask(Op.PIECE, new Out().i64(from).i64(to), (long) -Errors.ESRCH, In::i64));
        out.i64(result);
        space.tellMappings(out);
    }

    private void move(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        long start = page(in.i64());
        long end = page(in.i64());
        long to = page(in.i64());
        in.end();
        Optional<DeviceMapping> mapping = space.space().mappings().at(start);
        boolean whole =
                start < end && mapping.isPresent() && end <= mapping.get().end();
        out.i64(whole ? space.space().management().move(mapping.get(), start, end, to) : -Errors.EFAULT);
        space.tellMappings(out);
    }

    private void ioctl(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        int tid = in.i32();
        ServedFile file = session.file(in.i32());
        int cmd = in.i32();
        long argument = in.i64();
        in.end();
        space.begin();
        try {
            out.i64(ProgramSpace.calling(
                    caller(),
                    () -> file.calling(() -> IoctlCall.run(
                            session.events(), space.pid(), tid, file.file(), space.space(), cmd, argument))));
        } finally {
            space.finish();
        }
        if (!IoctlCall.isBuilding(cmd)) {
            session.restrict();
        }
        space.tellMappings(out);
    }

    private Caller caller() {
        return new Caller() {
            private long lastLook = System.nanoTime() - BETWEEN_LOOKS_NANOS;

            @Override
            public Optional<DeviceFile> file(int descriptor) {
                int id = session.ask(Op.FILE, new Out().i32(descriptor), 0, In::i32);
                return session.device(id);
            }

            @Override
            public boolean signalPending() {
                long now = System.nanoTime();
                if (session.isLost()) {
                    return true;
                }
                if (now - lastLook < BETWEEN_LOOKS_NANOS) {
                    return false;
                }
                lastLook = now;
                return session.ask(Op.SIGNAL_PENDING, new Out(), true, In::flag);
            }
        };
    }

    private void access(In in, Out out) {
        ServedSpace space = session.space(in.i32());
        long address = in.i64();
        boolean write = in.flag();
        int size = write ? 0 : in.i32();
        byte[] bytes = write ? in.bytes() : new byte[Math.clamp(size, 0, LARGEST_COPY)];
        in.end();
        MemorySegment buffer = MemorySegment.ofArray(bytes);
        long moved = space.space()
                .mappings()
                .at(address)
                .map(mapping -> ProgramSpace.calling(caller(), () -> mapping.access(address, buffer, write)))
                .orElse((long) -Errors.EIO);
        out.i64(moved);
        if (!write) {
            out.bytes(buffer.asSlice(0, Math.max(0, moved)).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private void thread(In in) {
        int id = in.i32();
        ServedSpace space = session.space(in.i32());
        int tid = in.i32();
        in.end();
        ServedThread thread = new ServedThread(session, id, space, tid);
        thread.execution(new EnclaveExecution(
                thread,
                space.space(),
                given.driver().processor(space.space()),
                new Vdso(request.enclu(), request.fixup()),
                cpuid,
                new CpuidSites(),
                session.events()));
        session.enter(id, thread);
        space.enter(thread);
    }

    private void ended(In in) {
        int id = in.i32();
        in.end();
        session.thread(id).end();
        session.leaveThread(id);
    }
}
