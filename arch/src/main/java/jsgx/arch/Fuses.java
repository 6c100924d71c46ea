package jsgx.arch;

import java.util.Random;

/**
 * What is burnt into a package and tells it from every other one. The manual names the seal fuses and a package-specific
 * value; how keys come out of them is unpublished (docs/unpublished.md).
 *
 * @param sealFuses CR_SEAL_FUSES, 16 bytes
 * @param packageKey the package-specific secret under which all keys are derived, 16 bytes
 */
public record Fuses(byte[] sealFuses, byte[] packageKey) {

    public static final int SIZE = 16;

    public Fuses {
        if (sealFuses.length != SIZE || packageKey.length != SIZE) {
            throw new IllegalArgumentException("seal fuses and package key have 16 bytes each, not %d and %d"
                    .formatted(sealFuses.length, packageKey.length));
        }
        sealFuses = sealFuses.clone();
        packageKey = packageKey.clone();
    }

    /** Fuses of a new package. Give a {@link java.security.SecureRandom} for anything but a test. */
    public static Fuses burn(Random random) {
        byte[] seal = new byte[SIZE];
        byte[] key = new byte[SIZE];
        random.nextBytes(seal);
        random.nextBytes(key);
        return new Fuses(seal, key);
    }

    @Override
    public byte[] sealFuses() {
        return sealFuses.clone();
    }

    @Override
    public byte[] packageKey() {
        return packageKey.clone();
    }

    /** Says nothing of the secrets. */
    @Override
    public String toString() {
        return "Fuses[secret]";
    }
}
