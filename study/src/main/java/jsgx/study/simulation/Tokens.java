package jsgx.study.simulation;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import jsgx.arch.struct.SgxError;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;

/**
 * Tokens without their cryptography: the fields of an EINITTOKEN, and in the place of the MAC the package and the launch enclave by whose launch key it
 * would be made.
 */
final class Tokens {

    /** SDM 3D, "EINITTOKEN": where its fields lie. */
    private static final int SIZE = 304;

    private static final int VALID = 0;
    private static final int ATTRIBUTES = 48;
    private static final int MRENCLAVE = 64;
    private static final int MRSIGNER = 128;
    private static final int CPUSVN = 192;
    private static final int MAC = 288;

    private static final int HASH = 32;
    private static final int IDENTITY_ATTRIBUTES = 64;

    private final Enclaves enclaves;
    private final Map<LaunchKey, @Nullable TokenKey[]> keys = new HashMap<>();
    private LaunchKey lastLaunchKey = new LaunchKey(-1, -1);
    private @Nullable TokenKey[] lastKeys = {};
    private final Map<Integer, byte[]> signers = new HashMap<>();
    private final Map<Long, TokenOrigin> origins = new HashMap<>();

    /** What a kernel knows of a launch key. */
    private record LaunchKey(int launchEnclave, long generation) {}

    Tokens(Enclaves enclaves) {
        this.enclaves = enclaves;
    }

    /** What a kernel finds a token by. */
    TokenKey key(int enclave, int launchEnclave, long generation) {
        if (lastLaunchKey.launchEnclave != launchEnclave || lastLaunchKey.generation != generation) {
            lastLaunchKey = new LaunchKey(launchEnclave, generation);
            lastKeys = keys.computeIfAbsent(lastLaunchKey, launchKey -> new @Nullable TokenKey[enclaves.size()]);
        }
        TokenKey known = lastKeys[enclave];
        if (known == null) {
            known = new TokenKey(enclaves.identity(enclave), signer(launchEnclave), generation);
            lastKeys[enclave] = known;
        }
        return known;
    }

    /** Where a token is made. */
    TokenOrigin origin(int processor, int launchEnclave) {
        return origins.computeIfAbsent(((long) processor << Integer.SIZE) | launchEnclave, key -> {
            byte[] platform = ByteBuffer.allocate(16).putInt(12, processor + 1).array();
            return new TokenOrigin(
                    HexFormat.of().formatHex(platform), HexFormat.of().formatHex(signer(launchEnclave)));
        });
    }

    /** The token that the launch enclave of a package makes for an enclave. */
    byte[] make(int enclave, int processor, int launchEnclave, int cpuSvn) {
        byte[] token = new byte[SIZE];
        byte[] identity = enclaves.bytes(enclave);
        token[VALID] = 1;
        System.arraycopy(identity, IDENTITY_ATTRIBUTES, token, ATTRIBUTES, identity.length - IDENTITY_ATTRIBUTES);
        System.arraycopy(identity, 0, token, MRENCLAVE, HASH);
        System.arraycopy(identity, HASH, token, MRSIGNER, HASH);
        ByteBuffer.wrap(token)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(CPUSVN, cpuSvn)
                .putInt(MAC, processor)
                .putInt(MAC + Integer.BYTES, launchEnclave);
        return token;
    }

    /** What EINIT on a machine says to a token that names its enclave. */
    static SgxError einit(byte[] token, Packages packages, int machine) {
        ByteBuffer fields = ByteBuffer.wrap(token).order(ByteOrder.LITTLE_ENDIAN);
        if (fields.getInt(CPUSVN) > packages.cpuSvn(machine)) {
            return SgxError.INVALID_CPUSVN;
        }
        boolean sameKey = fields.getInt(MAC) == packages.of(machine)
                && fields.getInt(MAC + Integer.BYTES) == packages.launchEnclave(machine);
        return sameKey ? SgxError.SUCCESS : SgxError.INVALID_EINITTOKEN;
    }

    private byte[] signer(int launchEnclave) {
        return signers.computeIfAbsent(
                launchEnclave,
                number -> ByteBuffer.allocate(HASH).putInt(number + 1).array());
    }
}
