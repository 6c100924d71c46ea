package jsgx.host.aesm;

import java.nio.file.Path;
import java.time.Duration;
import jsgx.launch.audit.Durability;
import jsgx.launch.le.WhiteListCertificate;
import org.jspecify.annotations.Nullable;

/**
 * How the AESM socket is served.
 *
 * @param socket where it lies
 * @param whiteList the operator's white list; null for none
 * @param certificates whose white lists are taken
 * @param waiting how many requests of one workload may wait
 * @param timeout how long a request may wait at most; less where it says so itself
 * @param stall how long a client may take over one frame, to write or to read it
 * @param connectionsPerUser how many connections a user may have
 * @param connections how many connections all may have
 * @param threads how many threads there are, 2 at least: one reads, the others read and answer
 */
public record AesmOptions(
        Path socket,
        @Nullable Path whiteList,
        WhiteListCertificate certificates,
        int waiting,
        Duration timeout,
        Duration stall,
        int connectionsPerUser,
        int connections,
        int threads) {

    public AesmOptions {
        if (threads < 2) {
            throw new IllegalArgumentException(
                    "one thread reads and another answers: there are 2 at least, not " + threads);
        }
    }

    /** How long a client may take over one frame where nothing is configured. */
    public static final Duration STALL = Duration.ofSeconds(5);

    /** More answers at a time than processors make no token sooner, unless they wait for a disk. */
    private static final int ANSWERS_THAT_WAIT = 16;

    /** What holds where nothing is configured. */
    public static AesmOptions at(Path socket, Durability durability) {
        int processors = Runtime.getRuntime().availableProcessors();
        return new AesmOptions(
                socket,
                null,
                WhiteListCertificate.intel(),
                1024,
                Duration.ofSeconds(5),
                STALL,
                12_288,
                16_384,
                1 + (durability == Durability.ASYNC ? processors : Math.max(ANSWERS_THAT_WAIT, processors)));
    }

    /** With a white list to answer. */
    public AesmOptions withWhiteList(@Nullable Path file, WhiteListCertificate accepts) {
        return new AesmOptions(
                socket, file, accepts, waiting, timeout, stall, connectionsPerUser, connections, threads);
    }

    /** With other bounds on what waits. */
    public AesmOptions withWaiting(int requests, Duration longest, Duration stalled) {
        return new AesmOptions(
                socket, whiteList, certificates, requests, longest, stalled, connectionsPerUser, connections, threads);
    }

    /** With other bounds on connections. */
    public AesmOptions withConnections(int perUser, int all) {
        return new AesmOptions(socket, whiteList, certificates, waiting, timeout, stall, perUser, all, threads);
    }

    /** With so many threads. */
    public AesmOptions withThreads(int count) {
        return new AesmOptions(
                socket, whiteList, certificates, waiting, timeout, stall, connectionsPerUser, connections, count);
    }
}
