package jsgx.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.demo.DemoEnclave;
import jsgx.driver.InterfaceKind;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.host.client.Wishes;
import jsgx.host.service.HostException;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigningKey;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;

/** Clients of the driver's socket that launch one small enclave each time, and how long each launch takes with its connection. */
final class DriverLoad {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HostFolder folder;
    private final LaunchCall call;

    private DriverLoad(HostFolder folder, LaunchCall call) {
        this.folder = folder;
        this.call = call;
    }

    /** Clients of the driver's socket in a run folder. */
    static DriverLoad of(Path run) throws ImageException {
        EnclaveImage image = DemoEnclave.image();
        Sigstruct sigstruct = SigstructSigner.sign(
                SigstructOptions.of(ImageMeasurement.measure(image).mrEnclave(), 0x20171219),
                SigningKey.generate(new SecureRandom()));
        LaunchCall call = new LaunchCall(
                image,
                sigstruct,
                InterfaceKind.V5,
                sigstruct.attributes(),
                sigstruct.miscSelect(),
                new byte[0],
                null,
                Wishes.NONE);
        return new DriverLoad(new HostFolder(run, true), call);
    }

    private boolean launches() throws IOException {
        try (MemoryFile file = call.write();
                UnixConnection connection = Greeting.connect(folder)) {
            Greeting.Request request =
                    new Greeting.Request(Greeting.Purpose.LAUNCH, new byte[0], List.of(file.descriptor()));
            return LaunchAnswer.launched(Greeting.ask(connection, request, Deadline.in(PATIENCE))
                            .content())
                    .result()
                    .launched();
        } catch (HostException e) {
            return false;
        }
    }

    /**
     * So many clients, a thread each.
     *
     * @param pauseNanos from one launch of a client to the next, at least; 0 for as soon as the answer is there
     */
    AesmLoad.Result many(int clients, long pauseNanos, long nanos) throws IOException, InterruptedException {
        List<FutureTask<AesmLoad.Result>> all = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < clients; i++) {
            // Spread over the pause, so that they do not all come at once.
            long first = begin + pauseNanos * i / clients;
            all.add(started(() -> client(first, pauseNanos, begin + nanos)));
        }
        AesmLoad.Result sum = new AesmLoad.Result(new long[0], 0);
        for (FutureTask<AesmLoad.Result> one : all) {
            try {
                sum = sum.with(one.get());
            } catch (ExecutionException e) {
                throw new IOException(e);
            }
        }
        return sum;
    }

    private AesmLoad.Result client(long first, long pauseNanos, long end) throws IOException {
        long[] times = new long[1 << 10];
        int count = 0;
        long errors = 0;
        for (long next = first; next < end; next = Math.max(next + pauseNanos, System.nanoTime())) {
            for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            long start = System.nanoTime();
            errors += launches() ? 0 : 1;
            times = count == times.length ? Arrays.copyOf(times, 2 * count) : times;
            times[count++] = System.nanoTime() - start;
        }
        long[] all = Arrays.copyOf(times, count);
        Arrays.sort(all);
        return new AesmLoad.Result(all, errors);
    }

    private static <T> FutureTask<T> started(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    /** Launches until it is ended: a storm from a process of its own. The arguments are the run folder and how many clients. */
    public static void main(String[] args) throws Exception {
        of(Path.of(args[0])).many(Integer.parseInt(args[1]), 0, TimeUnit.DAYS.toNanos(1));
    }
}
