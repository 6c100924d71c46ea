package jsgx.host.aesm;

import static jsgx.host.aesm.Frames.frame;
import static jsgx.host.aesm.Frames.hex;
import static jsgx.host.aesm.Frames.join;
import static jsgx.host.aesm.Frames.tokenFrame;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Messages of a generator that knows the protocol and breaks it, from several clients at once. {@code -Daesm.messages=1000000} makes it a
 * million, {@code -Daesm.seed=} repeats one.
 */
@Isolated("it counts the process's descriptors and threads")
@Timeout(600)
class HostileMessagesTest {

    private static final int MESSAGES = Integer.getInteger("aesm.messages", 20_000);
    private static final long SEED = Long.getLong("aesm.seed", 20260101);
    private static final int CLIENTS = 4;
    private static final long MIB = 1 << 20;

    @Test
    void eachMessageHasAnAnswerAndNothingIsLeft() throws Exception {
        try (AesmHost warm = AesmHost.start();
                AesmClient client = warm.connect()) {
            client.ask(tokenFrame(1));
        }
        int descriptors = descriptors();
        int threads = Thread.activeCount();
        try (AesmHost host = AesmHost.start()) {
            run(host, MESSAGES / 10);
            long before = heap();
            run(host, MESSAGES);

            assertThat(heap() - before).as("bytes of heap").isLessThan(16 * MIB);
            while (!host.service().statistics().connections().isEmpty()) {
                Thread.sleep(5);
            }
            try (AesmClient client = host.connect()) {
                assertThat(client.ask(tokenFrame(1))).hasSize(316);
            }
            assertThat(host.service().statistics().waiting().values()).allMatch(count -> count == 0);
            assertThat(host.service().trouble()).isEmpty();
        }
        assertThat(descriptors()).as("descriptors").isLessThanOrEqualTo(descriptors);
        assertThat(Thread.activeCount()).as("threads").isLessThanOrEqualTo(threads);
    }

    private static void run(AesmHost host, int messages) throws Exception {
        List<FutureTask<Void>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Generator generator = new Generator(new Random(SEED + i));
            FutureTask<Void> task = new FutureTask<>((Callable<Void>) () -> {
                for (int left = messages / CLIENTS; left > 0; ) {
                    left -= talk(host, generator);
                }
                return null;
            });
            Thread.ofPlatform().start(task);
            clients.add(task);
        }
        for (FutureTask<Void> client : clients) {
            client.get();
        }
    }

    /** One connection's life; how many messages it had. */
    private static int talk(AesmHost host, Generator generator) throws IOException {
        int count = 1 + generator.random.nextInt(200);
        try (AesmClient client = host.connect()) {
            for (int i = 0; i < count; i++) {
                byte[][] frames = new byte[1 + generator.random.nextInt(3)][];
                Arrays.setAll(frames, each -> frame(generator.body()));
                try {
                    client.send(join(frames));
                    for (byte[] sent : frames) {
                        check(sent, client.answer());
                    }
                } catch (IOException e) {
                    throw new IOException("after " + HexFormat.of().formatHex(join(frames)), e);
                }
                i += frames.length - 1;
            }
            switch (generator.random.nextInt(4)) {
                case 0 -> client.send(Arrays.copyOf(frame(generator.body()), generator.random.nextInt(4)));
                case 1 -> client.send(Arrays.copyOf(tokenFrame(3), generator.random.nextInt(450)));
                case 2 -> {
                    client.send(join(hex("01 00 01 00"), generator.body()));
                    assertThat(client.answer()).isEqualTo(hex("05 00 00 00 A2 01 02 08 16"));
                }
                default -> client.send(tokenFrame(3));
            }
        }
        return count;
    }

    /** An answer is a message with one field, which has an error code. */
    private static void check(byte[] sent, byte[] answer) {
        boolean token = answer.length == 316 && answer[4] == 0x1a;
        boolean code = (answer.length == 8 && answer[5] == 2 && answer[6] == 8)
                || (answer.length == 9 && answer[6] == 2 && answer[7] == 8);
        if (!token && !code) {
            throw new AssertionError("%s is answered by %s"
                    .formatted(HexFormat.of().formatHex(sent), HexFormat.of().formatHex(answer)));
        }
    }

    private static int descriptors() {
        return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Bodies of messages: right ones, right ones with something wrong, and noise. */
    private static final class Generator {

        private final Random random;

        Generator(Random random) {
            this.random = random;
        }

        byte[] body() {
            return switch (random.nextInt(6)) {
                case 0 -> Arrays.copyOfRange(tokenFrame(random.nextInt(4)), 4, 450);
                case 1 -> mutated(Arrays.copyOfRange(tokenFrame(random.nextInt(4)), 4, 450));
                case 2 -> noise(random.nextInt(64));
                case 3 -> message(1 + random.nextInt(24), fields());
                case 4 -> message(List.of(3, 10, 11).get(random.nextInt(3)), fields());
                default ->
                    random.nextInt(50) == 0 ? noise(random.nextInt(AesmMessages.MAX_BODY)) : join(fields(), fields());
            };
        }

        private byte[] mutated(byte[] body) {
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                // What is before the hashes decides most.
                int at = random.nextBoolean() ? random.nextInt(5) : random.nextInt(body.length);
                body[at] = (byte) random.nextInt();
            }
            return random.nextBoolean() ? body : Arrays.copyOf(body, random.nextInt(body.length));
        }

        private byte[] fields() {
            byte[] all = {};
            for (int i = random.nextInt(5); i > 0; i--) {
                all = join(
                        all,
                        message(
                                random.nextInt(12),
                                noise(List.of(0, 1, 16, 32, 384).get(random.nextInt(5)))));
            }
            return all;
        }

        /** A field of any wire type, with a length that is right most of the time. */
        private byte[] message(int number, byte[] content) {
            int type = random.nextInt(4) == 0 ? random.nextInt(8) : 2;
            byte[] tag = varint(((long) number << 3) | type);
            if (type != 2) {
                return join(tag, varint(random.nextLong() >>> random.nextInt(64)));
            }
            long length = random.nextInt(10) == 0 ? random.nextLong() >>> random.nextInt(64) : content.length;
            return join(tag, varint(length), content);
        }

        private static byte[] varint(long value) {
            byte[] bytes = new byte[10];
            int length = 0;
            long rest = value;
            while (rest >>> 7 != 0) {
                bytes[length++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            bytes[length++] = (byte) rest;
            return Arrays.copyOf(bytes, length);
        }

        private byte[] noise(int length) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }
    }
}
