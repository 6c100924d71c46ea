package jsgx.host.aesm;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.util.stream.Stream;
import jsgx.driver.Workload;
import jsgx.host.peer.Identification;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.host.service.SocketFile;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.token.TokenIdentity;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.linux.UnixListener;
import org.jspecify.annotations.Nullable;

/**
 * Intel's aesmd as far as it launches enclaves: over its socket, in its protocol, programs that were made for it get launch tokens and the
 * white list from this host.
 *
 * <pre>{@code
 * AesmOptions options = AesmOptions.at(Path.of("/var/run/aesmd/aesm.socket"), Durability.GROUP);
 * Service aesm = new AesmService(options, running.governor()::issueToUserSpace, new Peers(List.of())::identify);
 * aesm.start();
 * }</pre>
 *
 * <p>A token is answered as for the out-of-tree driver, and issued by the governor ({@link Governor#issueToUserSpace}). Who asks is what the
 * kernel says of the connection.
 */
public final class AesmService implements Service {

    private static final System.Logger LOG = System.getLogger(AesmService.class.getName());

    /** Anybody may ask: tokens grant nothing, and policy decides. */
    private static final String PERMISSIONS = "rw-rw-rw-";

    /** How many connections may wait to be accepted; the kernel has its own limit below. */
    private static final int BACKLOG = 4096;

    private static final Duration WITHOUT_DESCRIPTORS = Duration.ofMillis(50);

    /** Who issues tokens: {@link Governor#issueToUserSpace}. It is asked by several threads at once. */
    @FunctionalInterface
    public interface Issuer {
        IssuedToken issue(TokenIdentity identity, Workload workload);
    }

    private final AesmOptions options;
    private final Identification peers;
    private final WhiteListFile whiteList;
    private final Counters counters = new Counters();
    private final Answers answers;

    // These are guarded by this.

    private @Nullable SocketFile file;
    private @Nullable UnixListener listener;
    private @Nullable Clients clients;
    private @Nullable Thread acceptor;

    /** Why connections cannot be accepted now; empty where they can. */
    private volatile String refusal = "the service has not begun";

    /**
     * A service that has not begun.
     *
     * @param issuer who issues tokens
     * @param peers who tells whom a connection is charged to
     */
    public AesmService(AesmOptions options, Issuer issuer, Identification peers) {
        this.options = options;
        this.peers = peers;
        this.whiteList = new WhiteListFile(options.whiteList(), options.certificates());
        this.answers = new Answers(new LaunchTokens(issuer), whiteList, counters);
    }

    @Override
    public String name() {
        return "aesm";
    }

    @Override
    public synchronized void start() throws HostException {
        whiteList.open();
        boolean started = false;
        try {
            SocketFile claimed = SocketFile.claim(options.socket());
            file = claimed;
            UnixListener bound = UnixListener.listen(claimed.bindAt(), PERMISSIONS, BACKLOG, null);
            listener = bound;
            bound.refuseDescriptors();
            Clients served = new Clients(options, answers, counters);
            clients = served;
            served.start();
            acceptor = Thread.ofPlatform().daemon().name("jsgx-aesm-accept").start(() -> accept(bound, served));
            claimed.publish(PERMISSIONS, "");
            refusal = "";
            started = true;
        } catch (IOException e) {
            throw new HostException(
                    "the AESM socket %s cannot be served: %s".formatted(options.socket(), e.getMessage()), e);
        } finally {
            if (!started) {
                stop(Duration.ZERO);
            }
        }
    }

    private void accept(UnixListener from, Clients to) {
        while (true) {
            try {
                UnixConnection connection = from.accept();
                refusal = "";
                admit(connection, to);
            } catch (AsynchronousCloseException e) {
                return;
            } catch (LinuxException e) {
                // No descriptor is left for now; who wants to connect waits.
                refusal = "no connection can be accepted: " + e.getMessage();
                LOG.log(System.Logger.Level.WARNING, refusal);
                pause();
            } catch (IOException e) {
                refusal = "no connection can be accepted: " + e.getMessage();
                LOG.log(System.Logger.Level.ERROR, refusal, e);
                return;
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(WITHOUT_DESCRIPTORS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(UnixConnection connection, Clients to) {
        try {
            to.admit(connection, peers.identify(connection));
        } catch (IOException | HostException e) {
            counters.refused.increment();
            LOG.log(System.Logger.Level.WARNING, "a connection to the AESM socket is refused: " + e.getMessage());
            connection.close();
        } catch (RuntimeException e) {
            // Whatever it is about this one: others are to be served.
            counters.refused.increment();
            LOG.log(System.Logger.Level.ERROR, "a connection to the AESM socket met what nobody expects", e);
            connection.close();
        }
    }

    @Override
    public String trouble() {
        return Stream.of(refusal, answers.trouble(), whiteList.trouble())
                .filter(trouble -> !trouble.isEmpty())
                .findFirst()
                .orElse("");
    }

    /** What it has done and has to do now; empty before it begins and after its end. */
    public synchronized AesmStatistics statistics() {
        Clients served = clients;
        return counters.snapshot(served == null ? null : served.lanes());
    }

    @Override
    public synchronized void stop(Duration grace) {
        refusal = "the service has ended";
        if (file != null) {
            // Before the socket itself: afterwards its number in the file system may be that of somebody else's.
            file.close();
            file = null;
        }
        if (listener != null) {
            listener.close();
            listener = null;
        }
        if (acceptor != null) {
            Clients.join(acceptor);
            acceptor = null;
        }
        if (clients != null) {
            clients.drain(grace);
            clients.close();
            clients = null;
        }
    }
}
