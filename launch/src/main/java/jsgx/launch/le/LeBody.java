package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.crypto.Cmac;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Report;
import jsgx.launch.load.EnclaveLostException;
import jsgx.launch.load.EnclaveThread;

/**
 * The trusted body of the launch enclave: step by step what {@link LeCode} does, at the same places of the enclave's memory. For
 * one KEYID both make the same token.
 */
final class LeBody {

    private static final int HASH = 32;

    private final LeProfile profile;
    private final Random random;
    private final EnclaveThread thread;
    private final long base;

    LeBody(LeProfile profile, Random random, EnclaveThread thread, long base) {
        this.profile = profile;
        this.random = random;
        this.thread = thread;
        this.base = base;
    }

    /**
     * Answers the request at an address outside. The thread is inside before and after.
     *
     * @param request the address of an {@link LeRequest}
     */
    void run(long request) throws EnclaveLostException {
        // Into the enclave first: nothing that the process writes later counts.
        thread.write(base + LeLayout.REQUEST, thread.read(request, LeRequest.INPUT_SIZE));
        LeRequest copy =
                LeRequest.readFrom(MemorySegment.ofArray(thread.read(base + LeLayout.REQUEST, LeRequest.INPUT_SIZE)));
        EinitToken token = EinitToken.allocate();
        int result = refusal(copy);
        if (result == GRANT) {
            result = makeToken(copy, token) ? 0 : profile.failure();
        }
        if (!token.isValid()) {
            token.memory().fill((byte) 0);
        }
        writeToken(token);
        thread.write(request + LeRequest.TOKEN, thread.read(base + LeLayout.TOKEN, EinitToken.SIZE));
        MemorySegment out = MemorySegment.ofArray(new byte[4]);
        out.set(Layouts.U32, 0, result);
        thread.write(request + LeRequest.RESULT, out.toArray(Layouts.U8));
    }

    /** {@link #refusal}: nothing speaks against the request. No profile refuses with this result. */
    private static final int GRANT = -1;

    private int refusal(LeRequest request) throws EnclaveLostException {
        return switch (profile) {
            case V5 -> refusesFlags(request) ? profile.flagsRefusal() : GRANT;
            case DCAP ->
                refusesProvisionKey(request)
                        ? profile.provisionRefusal()
                        : refusesFlags(request) ? profile.flagsRefusal() : GRANT;
            case INTEL ->
                refusesFlags(request)
                        ? profile.flagsRefusal()
                        : refusesProvisionKey(request) ? profile.provisionRefusal() : whiteListRefusal(request);
        };
    }

    private boolean refusesFlags(LeRequest request) {
        return (request.attributes().flags() & profile.refusedFlags()) != 0;
    }

    private boolean refusesProvisionKey(LeRequest request) throws EnclaveLostException {
        return request.attributes().has(Attributes.PROVISIONKEY)
                && !isListed(request.mrSigner(), LeLayout.SERVICES, LeImage.SERVICES.size());
    }

    private int whiteListRefusal(LeRequest request) throws EnclaveLostException {
        if (request.attributes().has(Attributes.DEBUG)) {
            return GRANT;
        }
        MemorySegment head = MemorySegment.ofArray(
                thread.read(base + LeLayout.LIST_VERSION, LeLayout.LIST_ENTRIES - LeLayout.LIST_VERSION));
        if (head.get(Layouts.U32, 0) == 0) {
            return LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR;
        }
        boolean everyone = Arrays.equals(thread.read(base + LeLayout.LIST_ENTRIES, HASH), new byte[HASH]);
        int count = head.get(Layouts.U32, LeLayout.LIST_COUNT - LeLayout.LIST_VERSION);
        return everyone || isListed(request.mrSigner(), LeLayout.LIST_ENTRIES, count)
                ? GRANT
                : LeAnswer.LE_INVALID_PRIVILEGE_ERROR;
    }

    private boolean isListed(byte[] mrSigner, int list, int count) throws EnclaveLostException {
        byte[] signers = thread.read(base + list, count * HASH);
        for (int i = 0; i < signers.length; i += HASH) {
            if (Arrays.equals(mrSigner, 0, HASH, signers, i, i + HASH)) {
                return true;
            }
        }
        return false;
    }

    /** False where EREPORT or EGETKEY failed; the token is then not valid. */
    private boolean makeToken(LeRequest request, EinitToken token) throws EnclaveLostException {
        Outcome reported = thread.enclu(
                Leaf.EREPORT, base + LeLayout.TARGETINFO, base + LeLayout.REPORTDATA, base + LeLayout.REPORT);
        if (!reported.isSuccess()) {
            return false;
        }
        Report report = Report.of(thread.read(base + LeLayout.REPORT, Report.SIZE));
        token.mrEnclave(request.mrEnclave());
        token.mrSigner(request.mrSigner());
        token.attributes(request.attributes());
        token.cpuSvnLe(report.cpuSvn());
        token.isvProdIdLe(report.isvProdId());
        token.isvSvnLe(report.isvSvn());
        token.maskedMiscSelectLe(report.miscSelect());
        token.maskedAttributesLe(report.attributes().and(LeProfile.KEY_ATTRIBUTE_MASK));
        byte[] keyId = new byte[HASH];
        random.nextBytes(keyId);
        token.keyId(keyId);
        token.valid(1);
        return sign(token);
    }

    private boolean sign(EinitToken token) throws EnclaveLostException {
        // The image holds what of the request never changes: name, policy and masks.
        KeyRequest keyRequest = KeyRequest.of(thread.read(base + LeLayout.KEYREQUEST, KeyRequest.SIZE));
        keyRequest.keyId(token.keyId());
        keyRequest.cpuSvn(token.cpuSvnLe());
        keyRequest.isvSvn(token.isvSvnLe());
        thread.write(base + LeLayout.KEYREQUEST, keyRequest.memory().toArray(Layouts.U8));
        Outcome derived = thread.enclu(Leaf.EGETKEY, base + LeLayout.KEYREQUEST, base + LeLayout.KEY, 0);
        if (!derived.isSuccess()) {
            token.valid(0);
            return false;
        }
        byte[] key = thread.read(base + LeLayout.KEY, Cmac.SIZE);
        token.mac(new Cmac(key).mac(token.macedBytes().toArray(Layouts.U8)));
        Arrays.fill(key, (byte) 0);
        thread.write(base + LeLayout.KEY, key);
        return true;
    }

    private void writeToken(EinitToken token) throws EnclaveLostException {
        thread.write(base + LeLayout.TOKEN, token.memory().toArray(Layouts.U8));
    }
}
