package jsgx.host.fleet;

import java.net.URI;
import java.time.Duration;
import jsgx.launch.LaunchException;
import redis.clients.jedis.Jedis;

/** A process that asks an engine whether it is there, by the certificates that its JVM trusts. */
final class TlsClient {

    private TlsClient() {}

    public static void main(String[] args) {
        try (RedisEngine engine = new RedisEngine(URI.create(args[0]), null, Duration.ofSeconds(20))) {
            String answer = engine.call(Jedis::ping);
            System.out.println(answer);
        } catch (LaunchException e) {
            System.out.println(e.getMessage());
        }
    }
}
