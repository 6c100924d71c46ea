package jsgx.arch;

import java.util.List;
import jsgx.arch.epc.Epc;

/**
 * The answers of CPUID that have to do with SGX: leaf 7 sub-leaf 0, leaf 0DH and leaf 12H (SDM 3D, "Enumeration of SGX").
 *
 * @param features what the processor can do
 * @param sections the EPC sections, for sub-leaves 2 and up of leaf 12H
 */
public record Cpuid(CpuFeatures features, List<Epc.Range> sections) {

    /** The four registers that CPUID fills. */
    public record Registers(int eax, int ebx, int ecx, int edx) {}

    private static final Registers ZERO = new Registers(0, 0, 0, 0);
    private static final int SECTION_PRESENT = 1;
    private static final int SECTION_CONFIDENTIAL_AND_INTEGRITY = 1;
    private static final int FIRST_SECTION = 2;

    public Cpuid {
        sections = List.copyOf(sections);
    }

    /** The answer of a leaf and sub-leaf; bits that have nothing to do with SGX are 0. */
    public Registers read(int leaf, int subleaf) {
        return switch (leaf) {
            case 0 -> new Registers(0x12, 0, 0, 0);
            case 0x7 -> subleaf == 0 ? structuredFeatures() : ZERO;
            case 0xd -> xsave(subleaf);
            case 0x12 -> sgx(subleaf);
            default -> ZERO;
        };
    }

    /** SGX, SGX_LC, and with CET in enclaves CET_SS and CET_IBT. */
    private Registers structuredFeatures() {
        int ecx = bit(features.flc(), 30) | bit(features.cet(), 7);
        return new Registers(0, 1 << 2, ecx, bit(features.cet(), 20));
    }

    private Registers xsave(int subleaf) {
        long xfrm = features.xfrm();
        if (subleaf == 0) {
            int size = Xsave.size(xfrm);
            return new Registers((int) xfrm, size, size, (int) (xfrm >>> 32));
        }
        if (subleaf < 2 || subleaf > 62 || (xfrm >>> subleaf & 1) == 0) {
            return ZERO;
        }
        int[] component = Xsave.component(subleaf);
        return new Registers(component[1], component[0], 0, 0);
    }

    private Registers sgx(int subleaf) {
        return switch (subleaf) {
            case 0 ->
                new Registers(
                        1
                                | bit(features.sgx2(), 1)
                                | bit(features.enclsC(), 6)
                                | bit(features.eupdatesvn(), 10)
                                | bit(features.edeccssa(), 11),
                        features.miscSelect(),
                        0,
                        features.log2MaxSize64() << 8 | features.log2MaxSize32());
            case 1 ->
                new Registers(
                        (int) features.attributesMask(),
                        (int) (features.attributesMask() >>> 32),
                        (int) features.xfrm(),
                        (int) (features.xfrm() >>> 32));
            default -> section(subleaf - FIRST_SECTION);
        };
    }

    private Registers section(int index) {
        if (index < 0 || index >= sections.size()) {
            return ZERO;
        }
        Epc.Range section = sections.get(index);
        long base = section.physicalBase();
        long size = section.bytes();
        return new Registers(
                (int) base | SECTION_PRESENT,
                (int) (base >>> 32) & 0xfffff,
                (int) size | SECTION_CONFIDENTIAL_AND_INTEGRITY,
                (int) (size >>> 32) & 0xfffff);
    }

    private static int bit(boolean on, int position) {
        return on ? 1 << position : 0;
    }
}
