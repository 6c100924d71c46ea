package jsgx.machine.remote;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jsgx.arch.Cpuid;
import jsgx.driver.Availability;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.SgxDevice;
import jsgx.machine.linux.LinuxException;

/**
 * The daemon's end of a run that a front end supervises. Who accepts connections knows the peer, decides what it gets, and sends it {@link #welcome} with
 * {@link #descriptors} in one message; then it serves until the front end is gone, or does not answer in time, or says what makes no sense. At the end
 * everything that the front end had is released.
 */
public final class RemoteServer implements AutoCloseable {

    /** CPUID leaf 12H has so many sub-leaves that tell something, at most. */
    static final int SGX_SUBLEAVES = 10;

    private final RemoteSession given;
    private final SessionLanes lanes;
    private final Session session;

    /** A session that has not begun. */
    public RemoteServer(RunRequest request, RemoteSession given) throws LinuxException {
        this.given = given;
        lanes = new SessionLanes(given.allowance());
        session = new Session(request, given, lanes);
        lanes.connect(session);
    }

    /** What {@link RemoteSgx} is given at the other end, with the descriptors. */
    public byte[] welcome() {
        Out out = new Out();
        List<SgxDevice> devices = session.devices();
        out.i32(devices.size());
        for (SgxDevice device : devices) {
            out.text(device.path()).flag(device.availability() instanceof Availability.Present);
        }
        Cpuid cpuid = given.driver().cpuid();
        write(cpuid.read(7, 0), out);
        for (int i = 0; i < SGX_SUBLEAVES; i++) {
            write(cpuid.read(0x12, i), out);
        }
        return Arrays.copyOf(out.array(), out.size());
    }

    private static void write(Cpuid.Registers registers, Out out) {
        out.i32(registers.eax()).i32(registers.ebx()).i32(registers.ecx()).i32(registers.edx());
    }

    /** What goes to the front end (SCM_RIGHTS), in this order; the lanes' ends are this one's to close, which {@link #serve} does. */
    public List<Integer> descriptors() {
        List<Integer> all = new ArrayList<>();
        all.add(given.epcDescriptor());
        all.addAll(lanes.others());
        return all;
    }

    /**
     * Serves until the session has ended, and releases what it had. The front end has its descriptors.
     *
     * @return why it ended
     */
    public String serve() {
        lanes.closeOthers();
        Thread other = Thread.ofPlatform().daemon().name("jsgx-session").unstarted(() -> lanes.serve(1));
        boolean interrupted = false;
        try {
            // Where the system has no thread left it ends here, and is released all the same.
            other.start();
            lanes.serve(0);
            while (other.isAlive()) {
                try {
                    other.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            try {
                session.release();
            } finally {
                lanes.close();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return lanes.why();
    }

    /** The driver's word for a page that left the EPC, or came back; of any enclave. It never waits. */
    public void moved(EnclaveInfo enclave, long address, boolean reclaimed) {
        session.events().moved(enclave.id(), address, reclaimed);
    }

    /** Ends the session. Any thread may call it, also to say that the connection is gone. */
    @Override
    public void close() {
        lanes.lost("the connection is closed");
    }
}
