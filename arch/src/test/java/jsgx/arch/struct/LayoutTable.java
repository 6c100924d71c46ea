package jsgx.arch.struct;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * One structure of the manual as a table: which bytes are which field, and which are reserved.
 *
 * @param structure the class under test
 * @param size bytes
 * @param alignment bytes
 * @param rows all bytes, each in exactly one row, but for aliases
 */
record LayoutTable(Class<?> structure, int size, int alignment, List<Row> rows) {

    /** What a row's bytes are. */
    enum Kind {
        /** A field with a getter and a setter. */
        FIELD,
        /** A field with a getter and a setter, some bits of which are reserved. */
        MIXED,
        /** A second name of a field. */
        ALIAS,
        /** Bytes with accessors of another shape, tested apart. */
        OTHER,
        /** A field that is reserved on a processor without CET. */
        CET,
        /** Reserved on all processors. */
        RESERVED
    }

    record Row(String name, int offset, int size, Kind kind) {
        boolean hasAccessors() {
            return switch (kind) {
                case FIELD, MIXED, ALIAS, CET -> true;
                case OTHER, RESERVED -> false;
            };
        }

        int end() {
            return offset + size;
        }
    }

    private static LayoutTable of(Class<?> structure, int size, int alignment, String rows) {
        return new LayoutTable(
                structure, size, alignment, rows.lines().map(LayoutTable::row).toList());
    }

    private static Row row(String line) {
        String[] words = line.strip().split(" +", -1);
        String kind = words.length > 3 ? words[3] : words[0].equals("-") ? "reserved" : "field";
        return new Row(
                words[0],
                Integer.parseInt(words[1]),
                Integer.parseInt(words[2]),
                Kind.valueOf(kind.toUpperCase(Locale.ROOT)));
    }

    /** The rows that overlay no other row. */
    List<Row> proper() {
        return rows.stream().filter(r -> r.kind() != Kind.ALIAS).toList();
    }

    List<Row> accessible() {
        return rows.stream().filter(Row::hasAccessors).toList();
    }

    @Override
    public String toString() {
        return structure.getSimpleName();
    }

    /** SDM volume 3D, the chapter on enclave access control and data structures: name, offset, size, kind. */
    static final List<LayoutTable> ALL = Arrays.asList(
            of(Secs.class, 4096, 4096, """
                    size 0 8
                    baseAddr 8 8
                    ssaFrameSize 16 4
                    miscSelect 20 4
                    cetLegBitmapOffset 24 8 cet
                    cetAttributes 32 1 cet
                    - 33 15
                    attributes 48 16
                    mrEnclave 64 32
                    - 96 32
                    mrSigner 128 32
                    - 160 32
                    configId 192 64
                    isvProdId 256 2
                    isvSvn 258 2
                    configSvn 260 2
                    - 262 3834"""),
            of(Sigstruct.class, 1808, 4096, """
                    header 0 16 other
                    vendor 16 4
                    date 20 4
                    header2 24 16 other
                    swDefined 40 4
                    - 44 84
                    modulus 128 384
                    exponent 512 4
                    signature 516 384
                    miscSelect 900 4
                    miscMask 904 4
                    cetAttributes 908 1 cet
                    cetAttributesMask 909 1 cet
                    - 910 2
                    isvFamilyId 912 16
                    attributes 928 16
                    attributeMask 944 16
                    enclaveHash 960 32
                    - 992 16
                    isvExtProdId 1008 16
                    isvProdId 1024 2
                    isvSvn 1026 2
                    - 1028 12
                    q1 1040 384
                    q2 1424 384"""),
            of(EinitToken.class, 304, 512, """
                    valid 0 4 mixed
                    - 4 44
                    attributes 48 16
                    mrEnclave 64 32
                    - 96 32
                    mrSigner 128 32
                    - 160 32
                    cpuSvnLe 192 16
                    isvProdIdLe 208 2
                    isvSvnLe 210 2
                    cetMaskedAttributesLe 212 1 cet
                    - 213 23
                    maskedMiscSelectLe 236 4
                    maskedAttributesLe 240 16
                    keyId 256 32
                    mac 288 16"""),
            of(Tcs.class, 4096, 4096, """
                    state 0 8
                    flags 8 8
                    ossa 16 8
                    cssa 24 4
                    nssa 28 4
                    oentry 32 8
                    aep 40 8
                    ofsBase 48 8
                    ogsBase 56 8
                    fsLimit 64 4
                    gsLimit 68 4
                    ocetSsa 72 8 cet
                    prevSsp 80 8 cet
                    - 88 4008"""),
            of(Gprsgx.class, 184, 8, """
                    rax 0 8
                    rcx 8 8
                    rdx 16 8
                    rbx 24 8
                    rsp 32 8
                    rbp 40 8
                    rsi 48 8
                    rdi 56 8
                    r8 64 8
                    r9 72 8
                    r10 80 8
                    r11 88 8
                    r12 96 8
                    r13 104 8
                    r14 112 8
                    r15 120 8
                    rflags 128 8
                    rip 136 8
                    ursp 144 8
                    urbp 152 8
                    exitInfo 160 4
                    - 164 3
                    aexNotify 167 1
                    fsBase 168 8
                    gsBase 176 8"""),
            of(Exinfo.class, 16, 8, """
                    maddr 0 8
                    errcd 8 4
                    - 12 4"""),
            of(Secinfo.class, 64, 64, """
                    flags 0 8 mixed
                    - 8 56"""),
            of(Pageinfo.class, 32, 32, """
                    linAddr 0 8
                    srcPge 8 8
                    secinfo 16 8
                    pcmd 16 8 alias
                    secs 24 8"""),
            of(Pcmd.class, 128, 128, """
                    secinfo 0 64 other
                    enclaveId 64 8
                    - 72 40
                    mac 112 16"""),
            of(VaPage.class, 4096, 4096, """
                    slots 0 4096 other"""),
            of(KeyRequest.class, 512, 512, """
                    keyName 0 2
                    keyPolicy 2 2
                    isvSvn 4 2
                    cetAttributesMask 6 1 cet
                    - 7 1
                    cpuSvn 8 16
                    attributeMask 24 16
                    keyId 40 32
                    miscMask 72 4
                    configSvn 76 2
                    - 78 434"""),
            of(Report.class, 432, 512, """
                    cpuSvn 0 16
                    miscSelect 16 4
                    cetAttributes 20 1 cet
                    - 21 11
                    isvExtProdId 32 16
                    attributes 48 16
                    mrEnclave 64 32
                    - 96 32
                    mrSigner 128 32
                    - 160 32
                    configId 192 64
                    isvProdId 256 2
                    isvSvn 258 2
                    configSvn 260 2
                    - 262 42
                    isvFamilyId 304 16
                    reportData 320 64
                    keyId 384 32
                    mac 416 16"""),
            of(TargetInfo.class, 512, 512, """
                    measurement 0 32
                    attributes 32 16
                    cetAttributes 48 1 cet
                    - 49 1
                    configSvn 50 2
                    miscSelect 52 4
                    - 56 8
                    configId 64 64
                    - 128 384"""),
            of(ReportData.class, 64, 128, """
                    data 0 64 other"""),
            of(Rdinfo.class, 32, 32, """
                    status 0 8
                    flags 8 8
                    enclaveContext 16 8
                    - 24 8"""));
}
