package jsgx.arch.leaf;

import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;

/** EDBGRD or EDBGWR of an address in the one page of a debug enclave. */
final class DebugCall extends LeafCall {

    final TestEnclave enclave;
    final int page;

    private DebugCall(Leaf leaf, TestEnclave enclave, int page, int at) {
        super(enclave.machine(), leaf);
        this.enclave = enclave;
        this.page = page;
        rcx = machine.epc(page) + at;
        rbx = 0x1122_3344_5566_7788L;
    }

    /** Of offset 80H of a page in which each byte is its own offset. */
    static DebugCall reg(Leaf leaf) {
        TestEnclave enclave = debugEnclave(TestMachine.withCet());
        byte[] content = new byte[4096];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) i;
        }
        return new DebugCall(leaf, enclave, enclave.add(0x1000, TestEnclave.RX, content), 0x80);
    }

    /** Of the flags of a TCS. */
    static DebugCall tcs(Leaf leaf, CpuFeatures features) {
        TestEnclave enclave = debugEnclave(features);
        int page = enclave.addTcs(0x1000, tcs -> {
            tcs.nssa(1);
            tcs.fsLimit(0x1111_1111);
            tcs.gsLimit(0x2222_2222);
        });
        return new DebugCall(leaf, enclave, page, 8);
    }

    void pageType(PageType type) {
        epcm().flags(page, (epcm().flags(page) & ~Epcm.PT_MASK) | type.code() << Epcm.PT_SHIFT);
    }

    void set(int flag) {
        epcm().flags(page, epcm().flags(page) | flag);
    }

    /** The enclave is none that can be debugged. */
    void production() {
        enclave.secsInEpc().attributes(enclave.attributes().without(Attributes.DEBUG));
    }

    private static TestEnclave debugEnclave(CpuFeatures features) {
        return TestEnclave.create(
                TestMachine.of(features),
                secs -> secs.attributes(secs.attributes().with(Attributes.DEBUG)));
    }
}
