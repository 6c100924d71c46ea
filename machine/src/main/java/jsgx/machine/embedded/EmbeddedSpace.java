package jsgx.machine.embedded;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.IoctlCall;
import jsgx.machine.linux.Errors;
import jsgx.machine.sgx.SgxCaller;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.sgx.SgxMapping;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.space.Caller;
import jsgx.machine.space.ProgramSpace;

/** An address space whose drivers are this process's. */
record EmbeddedSpace(int pid, ProgramSpace space, EventSink events) implements SgxSpace {

    private static SgxMapping told(DeviceMapping mapping) {
        return new SgxMapping(
                mapping.start(),
                mapping.end(),
                mapping.offset(),
                mapping.protection(),
                mapping.operations() instanceof DeviceFile file ? file.path() : "/dev/sgx",
                mapping.enclave().map(EnclaveInfo::id).orElse(0L));
    }

    private static DeviceFile file(SgxFile file) {
        return ((EmbeddedSgx.File) file).file();
    }

    private static Caller caller(SgxCaller caller) {
        return new Caller() {
            @Override
            public Optional<DeviceFile> file(int descriptor) {
                return caller.file(descriptor).map(EmbeddedSpace::file);
            }

            @Override
            public boolean signalPending() {
                return caller.signalPending();
            }
        };
    }

    @Override
    public Optional<SgxMapping> mapping(long address) {
        return space.mappings().at(address).map(EmbeddedSpace::told);
    }

    @Override
    public long nextMapping(long address) {
        return space.mappings().nextStart(address);
    }

    @Override
    public List<SgxMapping> mappings() {
        return space.mappings().all().stream().map(EmbeddedSpace::told).toList();
    }

    @Override
    public long ioctl(int tid, SgxCaller caller, SgxFile file, int request, long argument) {
        return ProgramSpace.calling(
                caller(caller), () -> IoctlCall.run(events, pid, tid, file(file), space, request, argument));
    }

    @Override
    public long mmap(SgxFile file, long address, long length, int protection, int flags, long offset) {
        return space.management().mmap(file(file), address, length, protection, flags, offset);
    }

    @Override
    public long replace(long start, long end, LongSupplier call) {
        return space.management().replace(start, end, call);
    }

    @Override
    public long munmap(long start, long end) {
        return space.management().munmap(start, end);
    }

    @Override
    public long pieces(long start, long end, Piece device, Piece other) {
        return space.management().pieces(start, end, device, other);
    }

    @Override
    public long mprotect(long start, long end, int protection, Piece other) {
        return space.management().mprotect(start, end, protection, other);
    }

    @Override
    public long move(long start, long end, long to) {
        return space.mappings()
                .at(start)
                .map(from -> space.management().move(from, start, end, to))
                .orElse((long) -Errors.EFAULT);
    }

    @Override
    public long access(SgxCaller caller, long address, MemorySegment buffer, boolean write) {
        return space.mappings()
                .at(address)
                .map(mapping -> ProgramSpace.calling(caller(caller), () -> mapping.access(address, buffer, write)))
                .orElse((long) -Errors.EIO);
    }

    @Override
    public void restrict() {
        space.restrict();
    }

    @Override
    public void forked(SgxSpace parent) {
        space.management().forked(EmbeddedSgx.space(parent));
    }

    @Override
    public void gone() {
        space.management().gone();
    }
}
