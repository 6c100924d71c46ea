package jsgx.host.fleet;

import static jsgx.host.fleet.RedisKeys.bytes;
import static jsgx.host.fleet.RedisKeys.text;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import jsgx.launch.LaunchException;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** The tokens of a fleet in a Redis or Valkey server, by platform: so many of each, of which the oldest go. */
final class RedisTokens {

    private static final int PAGE = 500;

    private final RedisKeys keys;

    RedisTokens(RedisKeys keys) {
        this.keys = keys;
    }

    Optional<StoredToken> token(TokenOrigin origin, String label) throws LaunchException {
        byte[] record = keys.engine()
                .call(jedis -> jedis.hget(keys.key(tokens(origin.platform())), bytes(field(origin, label))));
        if (record == null) {
            return Optional.empty();
        }
        StoredToken token = token(record);
        if (!token.origin().equals(origin) || !token.label().equals(label)) {
            throw keys.garbage(tokens(origin.platform()), "a token of another origin or label");
        }
        return Optional.of(token);
    }

    boolean keep(StoredToken token, long revision) throws LaunchException {
        String tokens = tokens(token.origin().platform());
        Object kept = keys.run(
                RedisScript.KEEP,
                List.of("schema", "revision", tokens, tokens + ":order", tokens + ":clock"),
                List.of(
                        bytes(Long.toString(revision)),
                        bytes(Integer.toString(RedisFleetStore.TOKENS_OF_A_PLATFORM)),
                        bytes(field(token.origin(), token.label())),
                        token.record()));
        return text((byte[]) kept).equals("1");
    }

    long purge(String platform, Predicate<StoredToken> which) throws LaunchException {
        String tokens = tokens(platform);
        long purged = 0;
        byte[] cursor = ScanParams.SCAN_POINTER_START_BINARY;
        do {
            byte[] from = cursor;
            ScanResult<Map.Entry<byte[], byte[]>> page =
                    keys.engine().call(jedis -> jedis.hscan(keys.key(tokens), from, new ScanParams().count(PAGE)));
            for (Map.Entry<byte[], byte[]> each : page.getResult()) {
                if (isOne(each.getValue(), which)) {
                    Object gone = keys.run(
                            RedisScript.FORGET,
                            List.of("schema", tokens, tokens + ":order"),
                            List.of(each.getKey(), each.getValue()));
                    purged += text((byte[]) gone).equals("1") ? 1 : 0;
                }
            }
            cursor = page.getCursorAsBytes();
        } while (!text(cursor).equals("0"));
        return purged;
    }

    /** What is no token is of no use either. */
    private static boolean isOne(byte[] record, Predicate<StoredToken> which) {
        try {
            return which.test(token(record));
        } catch (LaunchException e) {
            return true;
        }
    }

    private static String tokens(String platform) {
        return "tokens:" + platform;
    }

    private static String field(TokenOrigin origin, String label) {
        return origin.leHash() + ":" + label;
    }

    private static StoredToken token(byte[] record) throws LaunchException {
        try {
            return StoredToken.ofRecord(record);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new LaunchException("a record of the fleet's tokens: " + e.getMessage(), e);
        }
    }
}
