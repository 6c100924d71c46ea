package jsgx.machine.le;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Refusal;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.le.ProxyProgram.Step;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.Signals;
import org.jspecify.annotations.Nullable;

/**
 * A launch enclave whose own code runs: a small program holds it, which is supervised as any other and built the enclave through the driver's own file,
 * which asks no launch authority. Threads that ask at once wait for each other: the enclave has one TCS.
 */
public final class LaunchEnclaveProxy implements AutoCloseable {

    /** Bytes of a request: MRENCLAVE, MRSIGNER and ATTRIBUTES. */
    public static final int REQUEST_SIZE = ProxyProgram.REQUEST_SIZE;

    /** Bytes of an answer: the token, and four bytes of result. */
    public static final int ANSWER_SIZE = ProxyProgram.ANSWER_SIZE;

    private static final String DEVICE = "/dev/sgx";
    private static final int START_MILLIS = 60_000;
    private static final int ANSWER_MILLIS = 20_000;
    private static final int END_MILLIS = 5_000;

    private final ReentrantLock tcs = new ReentrantLock();
    private final ProxyPipes pipes;
    private final Thread run;
    private final Failure failure;
    private int pid;
    private boolean closed;

    private LaunchEnclaveProxy(ProxyPipes pipes, Thread run, Failure failure) {
        this.pipes = pipes;
        this.run = run;
        this.failure = failure;
    }

    /** What went wrong in the run, as far as anything did. */
    private static final class Failure implements EventSink {

        private volatile SgxEvent.@Nullable Ioctl ioctl;
        private volatile @Nullable String message;

        @Override
        public void event(SgxEvent event) {
            if (event instanceof SgxEvent.Ioctl call && call.result() != 0) {
                ioctl = call;
            }
        }

        @Override
        public boolean wants(SgxEvent.Kind kind) {
            return kind == SgxEvent.Kind.IOCTL;
        }

        ProxyException of(Step step, long result) {
            SgxEvent.Ioctl call = ioctl;
            String what = "the launch enclave's %s returned %d".formatted(step, result);
            return call == null || step.ordinal() < Step.CREATE.ordinal()
                    ? new ProxyException(what)
                    : new ProxyException(what + ": " + why(call.refusal(), call.outcome()), call.outcome());
        }

        private static String why(@Nullable Refusal refusal, @Nullable Outcome outcome) {
            if (refusal != null) {
                return refusal.cause().rule() + "; found " + refusal.found();
            }
            return switch (outcome) {
                case Outcome.Error error ->
                    "SGX_%s: expected %s, found %s".formatted(error.code(), error.expected(), error.found());
                case Outcome.Faulted faulted ->
                    "%s: expected %s, found %s".formatted(faulted.fault(), faulted.expected(), faulted.found());
                case Outcome.Success ignored -> "no leaf failed";
                case null -> "nothing more is known";
            };
        }
    }

    /**
     * Builds, initialises and holds a launch enclave.
     *
     * @param attributes its SECS.ATTRIBUTES
     * @param epc the EPC of the driver's package
     * @param workload whom its EPC pages are charged to
     * @throws ProxyException where it does not start
     */
    public static LaunchEnclaveProxy start(
            EnclaveImage image,
            Sigstruct sigstruct,
            Attributes attributes,
            SgxDriver driver,
            SharedEpc epc,
            Workload workload)
            throws ProxyException {
        byte[] program = ProxyProgram.of(image, sigstruct, attributes, DEVICE);
        try (SharedMemory file = new SharedMemory("jsgx-launch-enclave", program.length)) {
            file.memory().copyFrom(MemorySegment.ofArray(program));
            ProxyPipes pipes = new ProxyPipes();
            String path = "/proc/%d/fd/%d".formatted(Linux.pid(), file.descriptor());
            MachineOptions options = MachineOptions.defaults()
                    .withWorkload(workload)
                    .withStreams(pipes.streams())
                    .forLaunchEnclave();
            Failure failure = new Failure();
            Thread run = Thread.ofPlatform()
                    .daemon()
                    .name("jsgx-launch-enclave")
                    .unstarted(() -> {
                        try {
                            Machine.run(List.of(path), options, driver, epc, failure);
                        } catch (MachineException e) {
                            failure.message = e.getMessage();
                        } finally {
                            pipes.closeOther();
                        }
                    });
            LaunchEnclaveProxy proxy = new LaunchEnclaveProxy(pipes, run, failure);
            run.start();
            proxy.awaitStart();
            return proxy;
        } catch (LinuxException e) {
            throw new ProxyException("the launch enclave's program cannot be made: " + e.getMessage());
        }
    }

    private void awaitStart() throws ProxyException {
        boolean started = false;
        try {
            ProxyPipes.Report report = pipes.report(START_MILLIS);
            if (report == null) {
                String message = failure.message;
                throw new ProxyException(
                        message == null ? "the launch enclave's program ended before it began" : message);
            }
            pid = report.pid();
            if (report.step() != Step.READY) {
                throw failure.of(report.step(), report.result());
            }
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    /**
     * Enters it with a request.
     *
     * @param request MRENCLAVE, MRSIGNER, ATTRIBUTES.FLAGS and XFRM
     * @return an EINITTOKEN and four bytes of result
     * @throws ProxyException where it runs no more and must be started again
     */
    public byte[] ask(byte[] request) throws ProxyException {
        if (request.length != REQUEST_SIZE) {
            throw new IllegalArgumentException(
                    "a request has %d bytes, not %d".formatted(REQUEST_SIZE, request.length));
        }
        tcs.lock();
        try {
            if (closed) {
                throw new ProxyException("the launch enclave was taken down");
            }
            byte[] answer = pipes.ask(request, ANSWER_SIZE, ANSWER_MILLIS);
            if (answer.length == 0) {
                close();
                throw new ProxyException("the launch enclave's program ended, or did not answer");
            }
            return answer;
        } finally {
            tcs.unlock();
        }
    }

    /** The process that holds it. */
    public int pid() {
        return pid;
    }

    /** Takes it down. */
    @Override
    public void close() {
        tcs.lock();
        try {
            if (!closed) {
                closed = true;
                if (pid != 0 && run.isAlive()) {
                    Linux.kill(pid, Signals.SIGKILL);
                }
                pipes.close();
                run.join(END_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            tcs.unlock();
        }
    }
}
