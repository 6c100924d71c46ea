package jsgx.launch;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.driver.SgxDriver;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveException;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLostException;
import org.jspecify.annotations.Nullable;

/**
 * Who makes tokens: the launch enclave. It starts with the first request, and again after its EPC content was lost. Where it
 * cannot start, nothing launches that needs it.
 */
public final class LeAuthority implements AutoCloseable {

    /** How a request for a token came out. */
    public sealed interface Answer {

        /** The launch enclave made a token: 304 bytes. */
        record Granted(byte[] token) implements Answer {}

        /** The enclave is signed by the launch enclave's own key: EINIT wants a token that is not valid, and nobody is asked. */
        record NotNeeded() implements Answer {}

        /**
         * The launch enclave refused.
         *
         * @param result its result; that of the v5 series has none but a token of zeroes
         */
        record Refused(int result) implements Answer {}

        /** There is no launch enclave that answers. */
        record Unavailable(String reason) implements Answer {}
    }

    private final LaunchEnclaveRunner runner;

    /** Guards what follows. Whoever asks the launch enclave holds it, as there is one request in flight. */
    private final ReentrantLock launch = new ReentrantLock();

    private LaunchEnclave enclave;
    private volatile byte[] signer;
    private final AtomicLong rotations = new AtomicLong();
    private @Nullable SgxDriver driver;
    private LaunchEnclaveRunner.@Nullable Running running;
    private boolean closed;

    /** An authority without a driver yet. */
    LeAuthority(LaunchEnclave enclave, LaunchEnclaveRunner runner) {
        this.enclave = enclave;
        this.signer = signer(enclave);
        this.runner = runner;
    }

    /** The driver that loads the launch enclave; it has this authority among its options. */
    void connect(SgxDriver loads) {
        driver = loads;
    }

    /** The launch enclave that answers. */
    public LaunchEnclave launchEnclave() {
        launch.lock();
        try {
            return enclave;
        } finally {
            launch.unlock();
        }
    }

    /** How often another launch enclave took over. */
    public long rotations() {
        return rotations.get();
    }

    /** MRSIGNER of the launch enclave that answers, 32 bytes. */
    public byte[] signer() {
        return signer.clone();
    }

    /** Asks the launch enclave for a token; starts it where it does not run. */
    public Answer ask(LeRequest request) {
        launch.lock();
        try {
            if (Arrays.equals(request.mrSigner(), signer)) {
                return new Answer.NotNeeded();
            }
            LeAnswer answer;
            try {
                answer = running().ask(request);
            } catch (EnclaveLostException e) {
                // Suspend took its EPC pages, or somebody killed it: a new one gives the same tokens.
                stop();
                answer = running().ask(request);
            }
            return answer.granted() ? new Answer.Granted(answer.token()) : new Answer.Refused(answer.result());
        } catch (LaunchEnclaveException e) {
            return new Answer.Unavailable(String.valueOf(e.getMessage()));
        } catch (EnclaveLostException e) {
            stop();
            return new Answer.Unavailable("the launch enclave was lost twice: " + e.getMessage());
        } finally {
            launch.unlock();
        }
    }

    /** LE rotation: another launch enclave answers from now on, of the same signer or another. */
    public void rotate(LaunchEnclave next) {
        launch.lock();
        try {
            stop();
            enclave = next;
            signer = signer(next);
            rotations.incrementAndGet();
            if (driver != null) {
                driver.launchEnclaveSigner(signer);
            }
        } finally {
            launch.unlock();
        }
    }

    /** Another white list, which the launch enclave has in its image. */
    public void whiteList(WhiteList list, SigningKey key) {
        rotate(LaunchEnclave.of(key, launchEnclave().profile(), list));
    }

    /** Does something while no thread is inside the launch enclave. */
    void whileOutside(Runnable action) {
        launch.lock();
        try {
            action.run();
        } finally {
            launch.unlock();
        }
    }

    @Override
    public void close() {
        launch.lock();
        try {
            closed = true;
            stop();
        } finally {
            launch.unlock();
        }
    }

    private LaunchEnclaveRunner.Running running() throws LaunchEnclaveException {
        if (closed) {
            throw new LaunchEnclaveException("the launch authority is closed");
        }
        LaunchEnclaveRunner.Running present = running;
        if (present == null) {
            present = runner.start(enclave, Objects.requireNonNull(driver, "connected before the first request"));
            running = present;
        }
        return present;
    }

    private void stop() {
        if (running != null) {
            running.close();
            running = null;
        }
    }

    private static byte[] signer(LaunchEnclave enclave) {
        return HexFormat.of().parseHex(SigstructCheck.mrSigner(enclave.sigstruct()));
    }
}
