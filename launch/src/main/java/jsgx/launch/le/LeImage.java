package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Tcs;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.ImageOptions;
import jsgx.image.RawLayout;

/**
 * The launch enclave's image: a blob of machine code and data in the layout of the v5 proxy. For one profile and one white
 * list it is always the same, and so is its MRENCLAVE.
 */
public final class LeImage {

    /** MRSIGNER of the enclaves that Intel's services are: those that may have PROVISIONKEY. */
    public static final List<String> SERVICES = List.of(
            "ec15b10787d2f84667ceb0b598ffc44a1f1cb80f670aae5df9e8fa9f6376e1f8",
            "c54a62f2be9ef76efb1f3930ad81ea7f60defc1f5f25e09b7c067a815ae0c6cb",
            "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff");

    private static final int PAGE = 4096;
    private static final int NO_LIMIT = -1;

    private LeImage() {}

    /** The image of a profile. A white list counts only in a profile that asks one. */
    public static EnclaveImage of(LeProfile profile, WhiteList whiteList) {
        MemorySegment blob = MemorySegment.ofArray(blob(profile, whiteList)).asReadOnly();
        try {
            return new RawLayout.V5Le().apply(blob, ImageOptions.DEFAULT);
        } catch (ImageException e) {
            throw new IllegalStateException("the launch enclave's own blob fits the layout", e);
        }
    }

    /** The blob: page 0 the TCS, the rest read-write-execute. */
    static byte[] blob(LeProfile profile, WhiteList whiteList) {
        byte[] list = whiteList.toEnclaveBytes();
        int end = !profile.guardsProvisionKey()
                ? LeLayout.STACK_TOP
                : profile.asksWhiteList() ? LeLayout.LIST_VERSION + list.length : LeLayout.LIST_VERSION;
        byte[] blob = new byte[(end + PAGE - 1) / PAGE * PAGE];
        MemorySegment memory = MemorySegment.ofArray(blob);
        tcs(new Tcs(memory.asSlice(0, Tcs.SIZE)));
        byte[] code = LeCode.of(profile, enclaveSize(blob.length));
        if (code.length > LeLayout.TARGETINFO - LeLayout.CODE) {
            throw new IllegalStateException("the launch enclave's code has outgrown its page: " + code.length);
        }
        System.arraycopy(code, 0, blob, LeLayout.CODE, code.length);
        keyRequest(new KeyRequest(memory.asSlice(LeLayout.KEYREQUEST, KeyRequest.SIZE)));
        if (profile.guardsProvisionKey()) {
            for (int i = 0; i < SERVICES.size(); i++) {
                byte[] signer = HexFormat.of().parseHex(SERVICES.get(i));
                System.arraycopy(signer, 0, blob, LeLayout.SERVICES + i * signer.length, signer.length);
            }
        }
        if (profile.asksWhiteList()) {
            System.arraycopy(list, 0, blob, LeLayout.LIST_VERSION, list.length);
        }
        return blob;
    }

    /** SECS.SIZE as the v5 proxy chooses it: doubled from a page until the blob fits. */
    static int enclaveSize(int blobSize) {
        int size = PAGE;
        while (size < blobSize) {
            size *= 2;
        }
        return size;
    }

    private static void tcs(Tcs tcs) {
        tcs.ossa(LeLayout.SSA);
        tcs.nssa(1);
        tcs.oentry(LeLayout.CODE);
        tcs.fsLimit(NO_LIMIT);
        tcs.gsLimit(NO_LIMIT);
    }

    private static void keyRequest(KeyRequest request) {
        request.keyName(KeyName.EINITTOKEN.code());
        request.attributeMask(LeProfile.KEY_ATTRIBUTE_MASK);
        request.miscMask(-1);
    }
}
