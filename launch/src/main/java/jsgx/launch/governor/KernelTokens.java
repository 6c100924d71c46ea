package jsgx.launch.governor;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Supplier;
import jsgx.arch.CpuSvn;
import jsgx.driver.Workload;
import jsgx.launch.LeAuthority;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.Lookup;
import jsgx.launch.le.LeRequest;
import jsgx.launch.token.KeyGenerations;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;
import jsgx.launch.token.TokenSource;

/** The kernel's way to a token: its cache where tokens are kept there, else the launch enclave. */
final class KernelTokens {

    private static final String LAUNCH_ENCLAVE = "launch enclave";

    private final LeAuthority launchEnclave;
    private final KernelTokenCache<NotGranted> cache;
    private final KeyGenerations generations;

    KernelTokens(LeAuthority launchEnclave, KernelTokenCache<NotGranted> cache, Supplier<CpuSvn> cpuSvn) {
        this.launchEnclave = launchEnclave;
        this.cache = cache;
        this.generations = new KeyGenerations(cpuSvn, launchEnclave::rotations);
    }

    /** The launch enclave gave something else than a token. Such an answer is not cached. */
    static final class NotGranted extends Exception {

        private static final long serialVersionUID = 1L;

        private final transient Answer answer;

        NotGranted(Answer answer) {
            super(null, null, false, false);
            this.answer = answer;
        }
    }

    /** The launch enclave was rotated while it was asked. */
    private static final class Rotated extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Rotated() {
            super(null, null, false, false);
        }
    }

    /** MRSIGNER of the launch enclave that answers now, in lower-case hex. */
    String signer() {
        return HexFormat.of().formatHex(launchEnclave.signer());
    }

    /** EINIT refused a token: if it is the cache's, the launch key changed without anybody's telling, and it is of no use any more. */
    void refused(TokenIdentity identity, byte[] token) {
        cache.refused(new TokenKey(identity, launchEnclave.signer(), generations.now()), token);
    }

    /** A token for an enclave, charged to a workload where it is kept. */
    TokenIssue issue(TokenIdentity identity, Workload workload, boolean cached) {
        LeRequest request = new LeRequest(identity.mrEnclave(), identity.mrSigner(), identity.attributes());
        byte[] signer = launchEnclave.signer();
        if (!cached || Arrays.equals(request.mrSigner(), signer)) {
            return issue(launchEnclave.ask(request), LAUNCH_ENCLAVE);
        }
        while (true) {
            try {
                return cached(new TokenKey(identity, launchEnclave.signer(), generations.now()), workload, request);
            } catch (Rotated e) {
                // Its token was made under another hash than the key says: look under that one.
            }
        }
    }

    private TokenIssue cached(TokenKey key, Workload workload, LeRequest request) {
        try {
            Lookup lookup = cache.get(key, workload, () -> load(key, request));
            Answer granted = new Answer.Granted(lookup.token());
            return switch (lookup.origin()) {
                case HIT -> new TokenIssue(granted, TokenSource.KERNEL_CACHE, "kernel cache: hit");
                case LOADED -> issue(granted, LAUNCH_ENCLAVE + " (cache: miss)");
                case JOINED -> issue(granted, LAUNCH_ENCLAVE + " (cache: miss, joined another launch's request)");
            };
        } catch (NotGranted e) {
            return issue(e.answer, LAUNCH_ENCLAVE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return issue(new Answer.Unavailable("interrupted while another launch asked for the same token"), "none");
        }
    }

    private byte[] load(TokenKey key, LeRequest request) throws NotGranted {
        Answer answer = launchEnclave.ask(request);
        if (generations.now() != key.generation()) {
            throw new Rotated();
        }
        if (answer instanceof Answer.Granted(byte[] token)) {
            return token;
        }
        throw new NotGranted(answer);
    }

    private static TokenIssue issue(Answer answer, String note) {
        return answer instanceof Answer.Granted
                ? new TokenIssue(answer, TokenSource.LAUNCH_ENCLAVE, note)
                : new TokenIssue(answer, TokenSource.NONE, "none");
    }
}
