package jsgx.launch.le;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import jsgx.arch.struct.Attributes;

/** What a launch enclave refuses. Everything else is policy's to refuse. */
public enum LeProfile {
    /** The launch enclave of the v5 series: reserved attribute bits, INIT included, get an all-zero token. */
    V5(0xffff_ffff_ffff_ffc9L, 0, LeAnswer.UNEXPECTED_ERROR),
    /** That of the driver for data centres: also PROVISIONKEY for a signer that is not one of Intel's services. */
    DCAP(0xffff_ffff_ffff_ff49L, LeAnswer.INVALID_ATTRIBUTE, LeAnswer.UNEXPECTED_ERROR),
    /** Intel's: also signers that its white list does not name, unless they ask for DEBUG. */
    INTEL(0xff00_0000_0000_0008L, LeAnswer.LE_INVALID_ATTRIBUTE, LeAnswer.LE_GET_EINITTOKEN_KEY_ERROR);

    private final long refusedFlags;
    private final int flagsRefusal;
    private final int failure;

    LeProfile(long refusedFlags, int flagsRefusal, int failure) {
        this.refusedFlags = refusedFlags;
        this.flagsRefusal = flagsRefusal;
        this.failure = failure;
    }

    /** The name in options, files and JSON. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The profile of this name; empty where there is none. */
    public static Optional<LeProfile> of(String id) {
        return Arrays.stream(values()).filter(p -> p.id().equals(id)).findFirst();
    }

    /** The bits of ATTRIBUTES.FLAGS of which none may be asked for. */
    public long refusedFlags() {
        return refusedFlags;
    }

    /** ISVPRODID of a launch enclave of this profile. */
    public int isvProdId() {
        return this == INTEL ? 0x20 : 0;
    }

    /** The result that goes with a refused flag. */
    int flagsRefusal() {
        return flagsRefusal;
    }

    /** The result where the enclave could not do its work. */
    int failure() {
        return failure;
    }

    /** Whether it gives PROVISIONKEY to Intel's services only. */
    public boolean guardsProvisionKey() {
        return this != V5;
    }

    /** The result that goes with a refused PROVISIONKEY. */
    int provisionRefusal() {
        return this == DCAP ? LeAnswer.INVALID_PRIVILEGE : LeAnswer.LE_INVALID_ATTRIBUTE;
    }

    /** Whether it asks a white list about enclaves that are not for debugging. */
    public boolean asksWhiteList() {
        return this == INTEL;
    }

    /** ATTRIBUTEMASK of its key request: the enclave's own mode does not enter the launch key. */
    static final Attributes KEY_ATTRIBUTE_MASK = new Attributes(~Attributes.MODE64BIT, 0);
}
