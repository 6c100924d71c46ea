package jsgx.launch.le;

import static jsgx.image.x86.Condition.B;
import static jsgx.image.x86.Condition.E;
import static jsgx.image.x86.Condition.NE;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R11;
import static jsgx.image.x86.Reg.R13;
import static jsgx.image.x86.Reg.R15;
import static jsgx.image.x86.Reg.R8;
import static jsgx.image.x86.Reg.R9;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBP;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;
import static jsgx.image.x86.Reg.RSP;

import java.util.List;
import java.util.function.Consumer;
import jsgx.arch.Leaf;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;

/**
 * The machine code of the launch enclave. EENTER brings it RDI, the address of an {@link LeRequest} outside; it copies
 * the request inside before it looks at it, makes the token inside, writes it out and leaves with EEXIT.
 *
 * <p>While it runs, RBP holds the enclave's base, R13 the request's address and R15 the result.
 */
final class LeCode {

    private static final int QWORD = 8;
    private static final int HASH = 32;
    private static final int RDRAND_TRIES = 10;

    private final Assembler asm;
    private final LeProfile profile;
    private final int enclaveSize;
    private final Consumer<Assembler> enclu;

    private final Label refuse = new Label();
    private final Label fail = new Label();
    private final Label leave = new Label();
    private final Label search = new Label();

    private LeCode(Assembler asm, LeProfile profile, int enclaveSize, Consumer<Assembler> enclu) {
        this.asm = asm;
        this.profile = profile;
        this.enclaveSize = enclaveSize;
        this.enclu = enclu;
    }

    /** The code of a profile, for {@link LeLayout#CODE} of an enclave of this size. */
    static byte[] of(LeProfile profile, int enclaveSize) {
        Assembler asm = new Assembler();
        assemble(asm, profile, enclaveSize, Assembler::enclu);
        return asm.toBytes();
    }

    /** The same code with something else in the place of ENCLU, for a machine that has none. */
    static void assemble(Assembler asm, LeProfile profile, int enclaveSize, Consumer<Assembler> enclu) {
        new LeCode(asm, profile, enclaveSize, enclu).assemble();
    }

    private void assemble() {
        enter();
        copyRequest();
        switch (profile) {
            case V5 -> refuseFlags();
            case DCAP -> {
                guardProvisionKey();
                refuseFlags();
            }
            case INTEL -> {
                refuseFlags();
                guardProvisionKey();
                askWhiteList();
            }
        }
        report();
        fillToken();
        drawKeyId();
        launchKey();
        LeCmacCode cmac = new LeCmacCode(asm);
        cmac.expandKey();
        cmac.mac();
        writeOutAndLeave();
        cmac.aesSubroutine();
        if (profile.guardsProvisionKey()) {
            searchSubroutine();
        }
    }

    /** EENTER: RAX is CSSA, RBX the TCS and so the base, RCX where EEXIT goes to. */
    private void enter() {
        Label first = new Label();
        // In a second frame there was an exception inside, and nothing that could be resumed.
        asm.test(RAX, RAX).jump(E, first);
        asm.mov(RBX, RCX);
        exit();

        asm.bind(first).cld();
        asm.mov(RAX, RSP);
        asm.lea(RSP, at(RBX, LeLayout.STACK_TOP));
        asm.push(RAX).push(RCX).push(RBP).push(R13).push(R15);
        asm.mov(RBP, RBX).mov(R13, RDI).zero(R15);

        // Neither the first nor the last byte of the request may lie inside: it is smaller than any enclave.
        asm.mov(RAX, RDI).sub(RAX, RBP);
        asm.cmp(RAX, enclaveSize).jump(B, leave);
        asm.add(RAX, LeRequest.SIZE - 1);
        asm.cmp(RAX, enclaveSize).jump(B, leave);
        asm.lfence();
    }

    private void copyRequest() {
        wipe(LeLayout.TOKEN, EinitToken.SIZE);
        asm.mov(RSI, R13);
        asm.lea(RDI, at(RBP, LeLayout.REQUEST));
        asm.mov32(RCX, LeRequest.INPUT_SIZE / QWORD).repMovsq();
    }

    private void refuseFlags() {
        Label allowed = new Label();
        asm.mov(RAX, request(LeRequest.FLAGS));
        asm.mov(RCX, profile.refusedFlags());
        asm.test(RAX, RCX).jump(E, allowed);
        asm.mov32(R15, profile.flagsRefusal()).jmp(refuse);
        asm.bind(allowed);
    }

    private void guardProvisionKey() {
        Label allowed = new Label();
        asm.mov(RAX, request(LeRequest.FLAGS));
        asm.mov32(RCX, (int) Attributes.PROVISIONKEY);
        asm.test(RAX, RCX).jump(E, allowed);
        asm.lea(RSI, at(RBP, LeLayout.SERVICES));
        asm.mov32(RCX, LeImage.SERVICES.size()).call(search);
        asm.test(RAX, RAX).jump(NE, allowed);
        asm.mov32(R15, profile.provisionRefusal()).jmp(refuse);
        asm.bind(allowed);
    }

    /** An entry of zeroes at the head of the list stands for every signer. */
    private void askWhiteList() {
        Label allowed = new Label();
        Label present = new Label();
        asm.mov(RAX, request(LeRequest.FLAGS));
        asm.mov32(RCX, (int) Attributes.DEBUG);
        asm.test(RAX, RCX).jump(NE, allowed);

        asm.mov32(RAX, at(RBP, LeLayout.LIST_VERSION));
        asm.test(RAX, RAX).jump(NE, present);
        asm.mov32(R15, LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR).jmp(refuse);

        asm.bind(present).zero(RAX);
        for (int i = 0; i < HASH; i += QWORD) {
            asm.or(RAX, at(RBP, LeLayout.LIST_ENTRIES + i));
        }
        asm.test(RAX, RAX).jump(E, allowed);
        asm.lea(RSI, at(RBP, LeLayout.LIST_ENTRIES));
        asm.mov32(RCX, at(RBP, LeLayout.LIST_COUNT)).call(search);
        asm.test(RAX, RAX).jump(NE, allowed);
        asm.mov32(R15, LeAnswer.LE_INVALID_PRIVILEGE_ERROR).jmp(refuse);
        asm.bind(allowed);
    }

    private void report() {
        asm.lea(RBX, at(RBP, LeLayout.TARGETINFO));
        asm.lea(RCX, at(RBP, LeLayout.REPORTDATA));
        asm.lea(RDX, at(RBP, LeLayout.REPORT));
        asm.mov32(RAX, Leaf.EREPORT.number());
        enclu.accept(asm);
    }

    private void fillToken() {
        asm.mov32(RAX, 1).mov32(token(LeFields.TOKEN_VALID), RAX);
        copy(LeLayout.REQUEST + LeRequest.MRENCLAVE, LeLayout.TOKEN + LeFields.TOKEN_MRENCLAVE, HASH);
        copy(LeLayout.REQUEST + LeRequest.MRSIGNER, LeLayout.TOKEN + LeFields.TOKEN_MRSIGNER, HASH);
        copy(LeLayout.REQUEST + LeRequest.FLAGS, LeLayout.TOKEN + LeFields.TOKEN_ATTRIBUTES, Attributes.SIZE);
        copy(LeLayout.REPORT + LeFields.REPORT_CPUSVN, LeLayout.TOKEN + LeFields.TOKEN_CPUSVNLE, 16);
        asm.movzx16(RAX, report(LeFields.REPORT_ISVPRODID)).mov16(token(LeFields.TOKEN_ISVPRODIDLE), RAX);
        asm.movzx16(RAX, report(LeFields.REPORT_ISVSVN)).mov16(token(LeFields.TOKEN_ISVSVNLE), RAX);
        asm.mov32(RAX, report(LeFields.REPORT_MISCSELECT)).mov32(token(LeFields.TOKEN_MASKEDMISCSELECTLE), RAX);
        asm.mov(RAX, report(LeFields.REPORT_ATTRIBUTES));
        asm.mov(RCX, LeProfile.KEY_ATTRIBUTE_MASK.flags()).and(RAX, RCX);
        asm.mov(token(LeFields.TOKEN_MASKEDATTRIBUTESLE), RAX);
    }

    private void drawKeyId() {
        for (int i = 0; i < HASH; i += QWORD) {
            Label again = new Label();
            Label drawn = new Label();
            asm.mov32(RCX, RDRAND_TRIES);
            asm.bind(again).rdrand(RAX).jump(B, drawn);
            asm.sub(RCX, 1).jump(NE, again);
            asm.jmp(fail);
            asm.bind(drawn).mov(token(LeFields.TOKEN_KEYID + i), RAX);
        }
    }

    private void launchKey() {
        copy(LeLayout.TOKEN + LeFields.TOKEN_KEYID, LeLayout.KEYREQUEST + LeFields.KEYREQUEST_KEYID, HASH);
        copy(LeLayout.TOKEN + LeFields.TOKEN_CPUSVNLE, LeLayout.KEYREQUEST + LeFields.KEYREQUEST_CPUSVN, 16);
        asm.movzx16(RAX, token(LeFields.TOKEN_ISVSVNLE));
        asm.mov16(at(RBP, LeLayout.KEYREQUEST + LeFields.KEYREQUEST_ISVSVN), RAX);
        asm.lea(RBX, at(RBP, LeLayout.KEYREQUEST));
        asm.lea(RCX, at(RBP, LeLayout.KEY));
        asm.mov32(RAX, Leaf.EGETKEY.number());
        enclu.accept(asm);
        asm.test(RAX, RAX).jump(NE, fail);
    }

    private void writeOutAndLeave() {
        Label writeOut = new Label();
        asm.jmp(writeOut);
        asm.bind(fail).mov32(R15, profile.failure());
        asm.bind(refuse);
        wipe(LeLayout.TOKEN, EinitToken.SIZE);

        asm.bind(writeOut);
        asm.lea(RSI, at(RBP, LeLayout.TOKEN));
        asm.lea(RDI, at(R13, LeRequest.TOKEN));
        asm.mov32(RCX, EinitToken.SIZE / QWORD).repMovsq();
        asm.mov32(at(R13, LeRequest.RESULT), R15);

        asm.bind(leave);
        wipe(LeLayout.KEY, LeLayout.SECRETS_END - LeLayout.KEY);
        LeCmacCode.wipeRegisters(asm);
        asm.pop(R15).pop(R13).pop(RBP).pop(RBX).pop(RSP);
        for (Reg register : List.of(RCX, RDX, RSI, RDI, R8, R9, R10, R11)) {
            asm.zero(register);
        }
        exit();
    }

    /** EEXIT to RBX. */
    private void exit() {
        asm.mov32(RAX, Leaf.EEXIT.number());
        enclu.accept(asm);
        asm.ud2();
    }

    /** RAX is 1 where the request's MRSIGNER is among the RCX signers at RSI, else 0. */
    private void searchSubroutine() {
        Label entry = new Label();
        Label next = new Label();
        Label none = new Label();
        asm.bind(search).test(RCX, RCX).jump(E, none);
        asm.bind(entry);
        for (int i = 0; i < HASH; i += QWORD) {
            asm.mov(RAX, request(LeRequest.MRSIGNER + i));
            asm.cmp(RAX, at(RSI, i)).jump(NE, next);
        }
        asm.mov32(RAX, 1).ret();
        asm.bind(next).add(RSI, HASH).sub(RCX, 1).jump(NE, entry);
        asm.bind(none).zero(RAX).ret();
    }

    private void copy(int from, int to, int size) {
        for (int i = 0; i < size; i += QWORD) {
            asm.mov(RAX, at(RBP, from + i)).mov(at(RBP, to + i), RAX);
        }
    }

    private void wipe(int at, int size) {
        asm.lea(RDI, at(RBP, at)).zero(RAX);
        asm.mov32(RCX, size / QWORD).repStosq();
    }

    private static Mem request(int field) {
        return at(RBP, LeLayout.REQUEST + field);
    }

    private static Mem report(int field) {
        return at(RBP, LeLayout.REPORT + field);
    }

    private static Mem token(int field) {
        return at(RBP, LeLayout.TOKEN + field);
    }
}
