package jsgx.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jsgx.arch.struct.Attributes;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revoker;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.calibration.Calibration;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;

/**
 * How long a revocation takes in a state folder whose store has 0, 1,000 and 10,000 tokens, one of which it hits; and what the study's model says of it with costs
 * that are calibrated in the same run.
 */
public final class RevocationTime {

    private static final int TIMES = 15;
    private static final int HASH = 32;
    private static final byte[] TOKEN = new byte[304];

    private RevocationTime() {}

    /** Measures in the folder for temporary files. */
    public static void main(String[] arguments) throws IOException, LaunchException {
        PrintStream out = System.out;
        Costs costs = Calibration.full().measure().costs();
        out.println(costs.machine());
        for (int tokens : new int[] {0, 1_000, 10_000}) {
            double measured = measure(tokens);
            double model = costs.median(Step.REVOKE)
                    + (tokens == 0 ? 0 : costs.median(Step.PURGE_STORE))
                    + (double) tokens * costs.median(Step.PURGE_STORE_TOKEN);
            out.printf(
                    "%,6d tokens: %7.1f ms; the model says %7.1f ms, %.2f times%n",
                    tokens, measured, model / 1e6, model / 1e6 / measured);
        }
    }

    /** The median in milliseconds. */
    private static double measure(int tokens) throws IOException, LaunchException {
        Path folder = Files.createTempDirectory("jsgx-bench");
        try (Governance governance = Governance.in(folder, InstantSource.system(), Durability.GROUP)) {
            fill(folder, tokens);
            Revoker revoker = governance.revoker();
            double[] millis = new double[TIMES];
            for (int i = 0; i < TIMES; i++) {
                Revocation revocation = new Revocation.Enclave(
                        HexFormat.of().formatHex(identity(i).mrEnclave()));
                long start = System.nanoTime();
                revoker.revoke(revocation);
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            Arrays.sort(millis);
            return millis[TIMES / 2];
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void fill(Path folder, int tokens) throws LaunchException {
        try (TokenStore store = TokenStore.in(folder)) {
            UserTokenCache cache = new UserTokenCache(store, () -> TokenOrigin.UNKNOWN, InstantSource.system());
            try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
                IntStream.range(0, tokens)
                        .mapToObj(i -> many.submit(() -> cache.get(Integer.toString(i), identity(i), asked -> TOKEN)))
                        .forEach(kept -> {});
            }
            if (store.count(any -> true) != tokens) {
                throw new LaunchException("not all tokens were kept in " + folder);
            }
        }
    }

    private static TokenIdentity identity(int number) {
        byte[] mrEnclave = new byte[HASH];
        ByteBuffer.wrap(mrEnclave).putInt(number);
        return TokenIdentity.of(mrEnclave, new byte[HASH], new Attributes(Attributes.MODE64BIT, 3));
    }
}
