package jsgx.host.fleet;

import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import jsgx.launch.LaunchException;
import jsgx.launch.file.PrivateFile;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** A Redis or Valkey server: a few connections to it, and what goes wrong on them in words. The password is read for each of them. */
final class RedisEngine implements AutoCloseable {

    private static final int DEFAULT_PORT = 6379;
    private static final int CONNECTIONS = 8;
    private static final int PASSWORD_MAX = 4096;

    /** After this long without a word whoever listens connects anew: the connection may have ended without a sign. */
    private static final int LISTENING_MILLIS = 10_000;

    private final URI uri;
    private final @Nullable Path passwordFile;
    private final int timeoutMillis;
    private final Semaphore turns = new Semaphore(CONNECTIONS);

    /** Guards what follows. */
    private final Object lock = new Object();

    private final Deque<Jedis> idle = new ArrayDeque<>();
    private final Set<Jedis> used = new HashSet<>();
    private boolean closed;

    /**
     * One that is not connected yet.
     *
     * @throws LaunchException where the address is none, or the password's file cannot be used
     */
    RedisEngine(URI uri, @Nullable Path passwordFile, Duration timeout) throws LaunchException {
        String scheme = String.valueOf(uri.getScheme());
        if ((!scheme.equals("redis") && !scheme.equals("rediss"))
                || uri.getHost() == null
                || uri.getQuery() != null
                || !String.valueOf(uri.getPath()).matches("|/|/[0-9]{1,4}")) {
            throw new LaunchException(
                    "fleet.engine is no address of an engine: expected redis://[user@]host:port[/database],"
                            + " or rediss:// for TLS");
        }
        if (uri.getUserInfo() != null && uri.getUserInfo().contains(":")) {
            throw new LaunchException(
                    "fleet.engine holds a password, which everybody sees who sees the configuration: expected"
                            + " redis://user@host:port, and the password in the file that  fleet.password-file  names, mode 600");
        }
        this.uri = uri;
        this.passwordFile = passwordFile;
        this.timeoutMillis = Math.toIntExact(timeout.toMillis());
        password();
    }

    /** Its address, without a secret. */
    String name() {
        return uri.toString();
    }

    private @Nullable String password() throws LaunchException {
        return passwordFile == null
                ? null
                : new String(PrivateFile.read(passwordFile, PASSWORD_MAX), StandardCharsets.UTF_8).stripTrailing();
    }

    /** Does something over a connection that nobody else uses meanwhile. */
    <T> T call(Function<Jedis, T> work) throws LaunchException {
        try {
            if (!turns.tryAcquire(timeoutMillis, TimeUnit.MILLISECONDS)) {
                throw new LaunchException("the fleet's engine at %s is slow: %d requests to it are under way"
                        .formatted(name(), CONNECTIONS));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LaunchException("interrupted while waiting for the fleet's engine", e);
        }
        try {
            Jedis kept = kept();
            if (kept != null) {
                try {
                    return on(kept, work);
                } catch (JedisConnectionException e) {
                    if (e.getCause() instanceof SocketTimeoutException) {
                        throw failed(e);
                    }
                    // An old connection may have ended long ago: the engine was started again.
                }
            }
            return on(connect(), work);
        } catch (JedisException e) {
            throw failed(e);
        } catch (ClassCastException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new LaunchException(
                    "what answers at %s does not speak as a Redis server does: %s"
                            .formatted(name(), Printable.of(String.valueOf(e.getMessage()))),
                    e);
        } finally {
            turns.release();
        }
    }

    /** Listens over a connection of its own. */
    void callOnOwn(Consumer<Jedis> work) throws LaunchException {
        try {
            Jedis own = connect();
            try {
                work.accept(own);
            } finally {
                discard(own);
            }
        } catch (JedisException e) {
            throw failed(e);
        }
    }

    private <T> T on(Jedis jedis, Function<Jedis, T> work) {
        boolean usable = false;
        try {
            T result = work.apply(jedis);
            usable = true;
            return result;
        } catch (JedisDataException e) {
            usable = true;
            throw e;
        } finally {
            if (usable) {
                keep(jedis);
            } else {
                discard(jedis);
            }
        }
    }

    private Jedis connect() throws LaunchException {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(timeoutMillis)
                .socketTimeoutMillis(timeoutMillis)
                .blockingSocketTimeoutMillis(LISTENING_MILLIS)
                .protocol(RedisProtocol.RESP2)
                .user(uri.getUserInfo())
                .password(password())
                .database(database());
        if (uri.getScheme().equals("rediss")) {
            config.sslOptions(SslOptions.defaults());
        }
        int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
        Jedis jedis = new Jedis(new HostAndPort(uri.getHost(), port), config.build());
        synchronized (lock) {
            if (closed) {
                jedis.close();
                throw new LaunchException("the connection to the fleet's engine is closed");
            }
            used.add(jedis);
        }
        return jedis;
    }

    private int database() {
        String path = uri.getPath();
        return path == null || path.length() < 2 ? 0 : Integer.parseInt(path.substring(1));
    }

    private @Nullable Jedis kept() {
        synchronized (lock) {
            Jedis jedis = idle.poll();
            if (jedis != null) {
                used.add(jedis);
            }
            return jedis;
        }
    }

    private void keep(Jedis jedis) {
        synchronized (lock) {
            used.remove(jedis);
            if (!closed) {
                idle.push(jedis);
                return;
            }
        }
        end(jedis);
    }

    private void discard(Jedis jedis) {
        synchronized (lock) {
            used.remove(jedis);
        }
        end(jedis);
    }

    private static void end(Jedis jedis) {
        try {
            jedis.close();
        } catch (JedisException e) {
            // It was broken before.
        }
    }

    /** What went wrong, in words that hold no secret. */
    LaunchException failed(JedisException e) {
        String said = Printable.of(String.valueOf(e.getMessage()));
        if (!(e instanceof JedisDataException)) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            for (Throwable each : e.getSuppressed()) {
                cause = each;
            }
            return new LaunchException(
                    "the fleet's engine at %s does not answer: %s"
                            .formatted(name(), Printable.of(String.valueOf(cause.getMessage()))),
                    e);
        }
        String what = switch (said.split(" ", 2)[0]) {
            case "WRONGPASS", "NOAUTH", "NOPERM" ->
                "refuses this host: %s; look at the user in  fleet.engine  and the password in  fleet.password-file"
                        .formatted(said);
            case "OOM" -> "is full, and keeps nothing new: %s; give it more memory".formatted(said);
            case "LOADING" -> "is reading its data: it will answer soon";
            case "SCHEMA" ->
                "has a fleet of schema \"%s\", this jsgx knows schema %s: use one version of jsgx on all hosts, or another  fleet.namespace"
                        .formatted(said.replaceFirst("SCHEMA ", ""), RedisFleetStore.SCHEMA);
            case "WRONGTYPE" ->
                "has something in the place of the fleet's data that is none: %s; look at what else uses this engine, or take another  fleet.namespace"
                        .formatted(said);
            default -> "refuses: " + said;
        };
        return new LaunchException("the fleet's engine at %s %s".formatted(name(), what), e);
    }

    /** Ends all connections, those in use too. */
    @Override
    public void close() {
        Set<Jedis> all;
        synchronized (lock) {
            closed = true;
            all = new HashSet<>(used);
            all.addAll(idle);
            idle.clear();
        }
        all.forEach(RedisEngine::end);
    }
}
