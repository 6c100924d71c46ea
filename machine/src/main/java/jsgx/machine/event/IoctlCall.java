package jsgx.machine.event;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceFile;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.Errno;
import jsgx.driver.IoctlNumber;
import jsgx.driver.mainline.AddPages;
import jsgx.driver.mainline.Create;
import jsgx.driver.v5.AddPage;
import org.jspecify.annotations.Nullable;

/** An ioctl of a device, executed and told. */
public final class IoctlCall {

    private final EventSink sink;
    private final DeviceFile file;
    private final AddressSpace caller;
    private final IoctlDecoder decoder;

    private IoctlCall(EventSink sink, DeviceFile file, AddressSpace caller, IoctlDecoder decoder) {
        this.sink = sink;
        this.file = file;
        this.caller = caller;
        this.decoder = decoder;
    }

    /**
     * Executes an ioctl and tells of it, on the thread that calls.
     *
     * @param pid the process that calls
     * @param tid the thread that calls
     * @return what the process sees: 0, a positive value, or a negated errno
     */
    public static long run(
            EventSink sink, int pid, int tid, DeviceFile file, AddressSpace caller, int cmd, long argument) {
        if (!sink.wants(SgxEvent.Kind.IOCTL)) {
            return Errno.toUserSpace(file.ioctl(caller, cmd, argument));
        }
        // Drivers write into the structure: it is read beforehand, and what they write after it.
        MemorySegment structure = MemorySegment.ofArray(new byte[IoctlNumber.size(cmd)]);
        boolean readable = caller.copyFromUser(argument, structure) == 0;
        IoctlDecoder decoder = IoctlDecoder.of(file.path(), cmd, structure, readable, caller);
        return new IoctlCall(sink, file, caller, decoder).run(pid, tid, cmd, argument);
    }

    /** Whether a request only adds pages: it takes no permission from any. */
    public static boolean isBuilding(int cmd) {
        return cmd == Create.CMD || cmd == AddPages.CMD || cmd == AddPage.CMD;
    }

    private long run(int pid, int tid, int cmd, long argument) {
        @Nullable Outcome before = outcome().orElse(null);
        long start = System.nanoTime();
        long result = file.ioctl(caller, cmd, argument);
        long nanos = System.nanoTime() - start;
        MemorySegment after = MemorySegment.ofArray(new byte[IoctlNumber.size(cmd)]);
        if (caller.copyFromUser(argument, after) == 0) {
            decoder.after(after);
        }
        long enclave = enclave().map(EnclaveInfo::id).orElse(0L);
        sink.event(new SgxEvent.Ioctl(
                pid,
                tid,
                enclave,
                file.path(),
                decoder.name(),
                decoder.arguments(),
                Errno.toUserSpace(result),
                nanos,
                result == 0 ? null : file.lastRefusal().orElse(null),
                result == 0 ? null : failed(before)));
        return Errno.toUserSpace(result);
    }

    /** What the leaf did that made this call fail, rather than one before. */
    @SuppressWarnings("ReferenceEquality")
    private @Nullable Outcome failed(@Nullable Outcome before) {
        return outcome().filter(after -> after != before && !after.isSuccess()).orElse(null);
    }

    private Optional<Outcome> outcome() {
        return enclave().flatMap(EnclaveInfo::lastOutcome).or(file::lastFailedCreation);
    }

    /** Mainline's file has one enclave; that of the older interfaces is the one at the address that the call names. */
    private Optional<EnclaveInfo> enclave() {
        Optional<EnclaveInfo> own = file.enclave();
        return own.isPresent()
                ? own
                : decoder.address()
                        .flatMap(address -> caller.mappings().at(address))
                        .flatMap(DeviceMapping::enclave);
    }
}
