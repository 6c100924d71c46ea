package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.struct.EinitToken;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.load.EnclaveLostException;
import jsgx.launch.load.EnclaveThread;
import org.jspecify.annotations.Nullable;

/**
 * The runner whose trusted body is Java: the enclave is really built, initialised and entered, and {@link LeBody} does there,
 * in the enclave's memory and with its keys, what the image's machine code says.
 *
 * @param random where KEYID comes from, for RDRAND
 */
public record JavaLaunchEnclave(Random random) implements LaunchEnclaveRunner {

    /** Whom the launch enclave's EPC pages are charged to. */
    public static final Workload WORKLOAD = new Workload("launch-enclave");

    @Override
    public Running start(LaunchEnclave enclave, SgxDriver driver) throws LaunchEnclaveException {
        EmbeddedAddressSpace space = new EmbeddedAddressSpace();
        EnclaveLoader loader;
        try {
            loader = new EnclaveLoader(InterfaceKind.V5, driver.openForLaunchEnclave(WORKLOAD), space);
        } catch (DeviceAbsentException e) {
            throw new LaunchEnclaveException("the launch enclave cannot be loaded: " + e.getMessage());
        }
        boolean started = false;
        try {
            check(loader, "CREATE", loader.create(enclave.image(), LaunchEnclave.ATTRIBUTES, 0));
            check(loader, "ADD_PAGE", loader.addPages(enclave.image().pages()));
            check(loader, "INIT", loader.init(enclave.sigstruct(), EinitToken.allocate()));
            started = true;
            return new Session(enclave.profile(), random, loader, driver, space);
        } finally {
            if (!started) {
                loader.close();
            }
        }
    }

    private static void check(EnclaveLoader loader, String call, long result) throws LaunchEnclaveException {
        if (result != 0) {
            @Nullable Outcome outcome = loader.lastOutcome().orElse(null);
            String why = loader.lastRefusal()
                    .map(refusal -> refusal.cause().rule() + "; found " + refusal.found())
                    .orElse(String.valueOf(outcome));
            throw new LaunchEnclaveException(
                    "the launch enclave's %s returned %d: %s".formatted(call, result, why), outcome);
        }
    }

    private static final class Session implements Running {

        private final EnclaveLoader loader;
        private final EmbeddedAddressSpace space;
        private final LeBody body;
        private final EnclaveThread thread;
        private final MemorySegment struct = MemorySegment.ofArray(new byte[LeRequest.SIZE]);
        private final long structAddress;

        /** One request at a time: there is one TCS. */
        private final ReentrantLock tcs = new ReentrantLock();

        private boolean closed;

        Session(LeProfile profile, Random random, EnclaveLoader loader, SgxDriver driver, EmbeddedAddressSpace space) {
            this.loader = loader;
            this.space = space;
            LogicalProcessor lp = driver.processor(space);
            this.thread = new EnclaveThread(lp, space, loader.base());
            this.structAddress = space.place(struct);
            this.body = new LeBody(profile, random, thread, loader.base());
        }

        @Override
        public LeAnswer ask(LeRequest request) throws EnclaveLostException {
            tcs.lock();
            try {
                if (closed) {
                    throw new EnclaveLostException("the launch enclave was taken down");
                }
                request.writeTo(struct);
                thread.enter();
                try {
                    body.run(structAddress);
                } finally {
                    thread.leave();
                }
                return LeRequest.answerIn(struct);
            } finally {
                tcs.unlock();
            }
        }

        @Override
        public void close() {
            tcs.lock();
            try {
                if (!closed) {
                    closed = true;
                    space.remove(structAddress);
                    loader.close();
                }
            } finally {
                tcs.unlock();
            }
        }
    }
}
