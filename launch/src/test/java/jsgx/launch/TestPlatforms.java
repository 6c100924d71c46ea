package jsgx.launch;

import java.security.SecureRandom;
import java.util.List;
import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.image.SigningKey;
import jsgx.launch.le.LeProfile;

/** Platforms for tests. Keys take a second to make, so that tests share them. */
public final class TestPlatforms {

    /** The launch enclave's signer. */
    public static final SigningKey LE_KEY = SigningKey.generate(new SecureRandom());

    /** A signer of other enclaves, and of the launch enclave after a rotation. */
    public static final SigningKey OTHER_KEY = SigningKey.generate(new SecureRandom());

    /** A third signer. */
    public static final SigningKey THIRD_KEY = SigningKey.generate(new SecureRandom());

    private TestPlatforms() {}

    /** A new platform with a small EPC. */
    public static Platform platform() {
        Random random = new Random(7);
        byte[] epoch = new byte[OwnerEpoch.SIZE];
        random.nextBytes(epoch);
        return new Platform(
                CpuFeatures.SGX2,
                Fuses.burn(random),
                CpuSvn.parse("020602ff010100000000000000000000"),
                new OwnerEpoch(epoch),
                LaunchControl.unlocked(LE_KEY.mrSigner()),
                List.of(4L << 20),
                LE_KEY,
                LeProfile.V5);
    }
}
