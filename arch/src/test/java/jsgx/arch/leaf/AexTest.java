package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.AEP;
import static jsgx.arch.leaf.EnclaveCall.SSA;
import static jsgx.arch.leaf.EnclaveCall.TCS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import jsgx.arch.Enclu;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.Xsave;
import jsgx.arch.epc.Epc;
import jsgx.arch.leaf.Aex.Event;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Exinfo;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AexTest {

    private static EnclaveCall inside(EnclaveCall.Kind kind) {
        return new EnclaveCall(Leaf.ERESUME, kind).enter();
    }

    private static EnclaveCall inside() {
        return inside(EnclaveCall.Kind.SGX2);
    }

    private static Exinfo exinfo(EnclaveCall call) {
        long at = Epc.PAGE_SIZE - Gprsgx.SIZE - Exinfo.SIZE;
        return new Exinfo(call.content(SSA + Epc.PAGE_SIZE).asSlice(at, Exinfo.SIZE));
    }

    @Test
    void savesTheThreadAndShowsASyntheticState() {
        EnclaveCall call = new EnclaveCall(Leaf.ERESUME, EnclaveCall.Kind.SGX2);
        RegisterFile registers = call.machine.lp.registers();
        registers.set(Register.FS_BASE, 0x1111);
        registers.set(Register.GS_BASE, 0x2222);
        registers.set(Register.RFLAGS, Rflags.TF);
        call.machine.lp.xcr0(0xe7);
        call.enter();
        for (int i = 0; i < Gprsgx.GENERAL; i++) {
            registers.set(RegisterFile.GENERAL.get(i), 0x100 + i);
        }
        registers.set(Register.RIP, call.at(0x55));
        registers.set(Register.FS_BASE, 0x3333);
        registers.set(Register.GS_BASE, 0x4444);
        long rflags = 0x202 | Rflags.CLEARED_BY_AEX | Rflags.DF | Rflags.AC | Rflags.TF;
        registers.set(Register.RFLAGS, rflags);

        assertThat(Aex.run(call.machine.lp, Event.interrupt(0xef))).isEqualTo(Event.interrupt(0xef));

        Gprsgx saved = call.gprsgx(0);
        for (int i = 0; i < Gprsgx.GENERAL; i++) {
            assertThat(saved.general(i)).isEqualTo(0x100 + i);
        }
        assertThat(saved.r15()).isEqualTo(0x10f);
        assertThat(saved.rip()).isEqualTo(call.at(0x55));
        assertThat(saved.fsBase()).isEqualTo(0x3333);
        assertThat(saved.gsBase()).isEqualTo(0x4444);
        assertThat(saved.rflags()).isEqualTo(rflags & ~Rflags.TF);
        assertThat(saved.exitInfo()).isZero();
        assertThat(registers.get(Register.RAX)).isEqualTo(3);
        assertThat(registers.get(Register.RBX)).isEqualTo(call.at(TCS));
        assertThat(registers.get(Register.RCX)).isEqualTo(AEP);
        assertThat(registers.get(Register.RIP)).isEqualTo(AEP);
        assertThat(registers.get(Register.RSP)).isEqualTo(0x7fff_1000);
        assertThat(registers.get(Register.RBP)).isEqualTo(0x7fff_2000);
        for (Register zero : new Register[] {
            Register.RDX,
            Register.RSI,
            Register.RDI,
            Register.R8,
            Register.R9,
            Register.R10,
            Register.R11,
            Register.R12,
            Register.R13,
            Register.R14,
            Register.R15
        }) {
            assertThat(registers.get(zero)).as(zero.name()).isZero();
        }
        assertThat(registers.get(Register.RFLAGS)).isEqualTo(0x202 | Rflags.DF | Rflags.AC | Rflags.TF);
        assertThat(registers.get(Register.FS_BASE)).isEqualTo(0x1111);
        assertThat(registers.get(Register.GS_BASE)).isEqualTo(0x2222);
        assertThat(call.machine.lp.xcr0()).isEqualTo(0xe7);
        assertThat(call.machine.lp.enclaveMode()).isNull();
        assertThat(call.tcs().state()).isEqualTo(Tcs.INACTIVE);
        assertThat(call.tcs().cssa()).isEqualTo(1);
        assertThat(call.machine.cpu.requireSecs(call.enclave.secsPage()).threads())
                .isZero();
    }

    @Test
    void thirtyTwoBitModeHasNoR8() {
        EnclaveCall call = inside(EnclaveCall.Kind.MODE32);
        call.machine.lp.registers().set(Register.R8, 8);
        call.interrupt();
        assertThat(call.machine.lp.registers().get(Register.R8)).isEqualTo(8);
    }

    @ParameterizedTest
    @CsvSource({"0,3", "1,3", "3,6", "5,3", "6,3", "13,3", "14,3", "16,3", "17,3", "19,3"})
    void reportsWhatTheEnclaveMayKnow(int vector, int exitType) {
        EnclaveCall call = inside();
        Aex.run(call.machine.lp, Event.exception(vector));
        assertThat(call.gprsgx(0).exitInfo()).isEqualTo(1 << 31 | exitType << 8 | vector);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 7, 8, 10, 11, 12, 18, 20, 21})
    void keepsTheRestToItself(int vector) {
        EnclaveCall call = inside();
        call.gprsgx(0).exitInfo(-1);
        Aex.run(call.machine.lp, Event.exception(vector));
        assertThat(call.gprsgx(0).exitInfo()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6, 13, 14})
    void anInterruptIsNoExceptionWhateverItsVector(int vector) {
        EnclaveCall call = inside();
        exinfo(call).maddr(77);
        Aex.run(call.machine.lp, Event.interrupt(vector));
        assertThat(call.gprsgx(0).exitInfo()).isZero();
        assertThat(exinfo(call).maddr()).isEqualTo(77);
    }

    @Test
    void aPageFaultIsToldToTheEnclaveInFullAndToTheSystemByPage() {
        EnclaveCall call = inside();
        exinfo(call).memory().fill((byte) -1);
        Event seen = Aex.run(call.machine.lp, Event.pageFault(call.at(0x9123), 0x8007));
        assertThat(seen).isEqualTo(Event.pageFault(call.at(0x9000), 0x8007));
        assertThat(exinfo(call).maddr()).isEqualTo(call.at(0x9123));
        assertThat(exinfo(call).errcd()).isEqualTo(0x8007);
        assertThat(exinfo(call).reservedIsZero()).isTrue();
    }

    @Test
    void aGeneralProtectionFaultHasNoAddress() {
        EnclaveCall call = inside();
        exinfo(call).memory().fill((byte) -1);
        Aex.run(call.machine.lp, Event.exception(13, 0x18));
        assertThat(exinfo(call).maddr()).isZero();
        assertThat(exinfo(call).errcd()).isEqualTo(0x18);
    }

    @Test
    void withoutExinfoNothingIsToldOfPageFaults() {
        EnclaveCall call = inside();
        call.secs().miscSelect(0);
        exinfo(call).maddr(77);
        Event seen = Aex.run(call.machine.lp, Event.of(Fault.pf(call.at(0x9123), 6)));
        assertThat(seen.address()).isEqualTo(call.at(0x9000));
        assertThat(call.gprsgx(0).exitInfo()).isZero();
        assertThat(exinfo(call).maddr()).isEqualTo(77);
    }

    @Test
    void aControlProtectionExceptionNeedsCpinfo() {
        EnclaveCall call = inside();
        call.secs().miscSelect(2);
        Aex.run(call.machine.lp, Event.exception(21, 3));
        assertThat(call.gprsgx(0).exitInfo()).isEqualTo(1 << 31 | 3 << 8 | 21);
        assertThat(exinfo(call).errcd()).isEqualTo(3);
        call.enter();
        Aex.run(call.machine.lp, Event.exception(13));
        assertThat(call.gprsgx(1).exitInfo()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"14,true", "13,true", "6,true", "0,true", "1,false", "3,false", "4,false"})
    void theResumeFlagIsThatOfAFault(int vector, boolean set) {
        EnclaveCall call = inside();
        Aex.run(call.machine.lp, Event.exception(vector));
        assertThat((call.gprsgx(0).rflags() & Rflags.RF) != 0).isEqualTo(set);
    }

    @ParameterizedTest
    @CsvSource({"16,37e,8081,1fb0", "19,37f,0,1f01", "14,37f,0,1fb0"})
    void theExtendedStateIsSynthetic(int vector, String fcw, String fsw, String mxcsr) {
        EnclaveCall call = inside();
        MemorySegment secret = area(new Random(vector), 7);
        assertThat(call.machine.lp.registers().xrstor(secret, 7)).isTrue();
        // What stays from an older AEX in the header is cleared: XRSTOR would fault on it.
        Layouts.u64(call.content(SSA), Xsave.XCOMP_BV, -1L);
        Layouts.u64(call.content(SSA), Xsave.XCOMP_BV + 8, -1L);

        Aex.run(call.machine.lp, Event.exception(vector));

        MemorySegment saved = call.content(SSA).asSlice(0, Xsave.size(7));
        assertThat(saved.asSlice(0, 416).mismatch(secret.asSlice(0, 416))).isEqualTo(-1);
        assertThat(saved.asSlice(576).mismatch(secret.asSlice(576))).isEqualTo(-1);
        assertThat(Layouts.u64(saved, Xsave.XSTATE_BV)).isEqualTo(7);
        assertThat(Layouts.u64(saved, Xsave.XCOMP_BV)).isZero();
        assertThat(Layouts.u64(saved, Xsave.XCOMP_BV + 8)).isZero();
        MemorySegment shown = MemorySegment.ofArray(new byte[Xsave.size(7)]);
        call.machine.lp.registers().xsave(shown, 7);
        MemorySegment expected = MemorySegment.ofArray(new byte[Xsave.size(7)]);
        Layouts.u16(expected, 0, Integer.parseInt(fcw, 16));
        Layouts.u16(expected, 2, Integer.parseInt(fsw, 16));
        Layouts.u32(expected, 24, Integer.parseInt(mxcsr, 16));
        Layouts.u32(expected, 28, 0xffff);
        Layouts.u64(expected, Xsave.XSTATE_BV, 7);
        assertThat(shown.mismatch(expected)).isEqualTo(-1);
    }

    /** AMX: an XSAVE area of three pages, which lie anywhere in the EPC. */
    @Test
    void anXsaveAreaMaySpanPages() {
        long xfrm = 0x6_02e7L;
        TestMachine machine = TestMachine.of(TestMachine.withXfrm(xfrm));
        TestEnclave enclave = TestEnclave.create(machine, secs -> {
            secs.attributes(new Attributes(Attributes.MODE64BIT, xfrm));
            secs.ssaFrameSize(4);
        });
        for (long page = 0x5000; page >= 0x2000; page -= Epc.PAGE_SIZE) {
            enclave.add(page, TestEnclave.RW, new byte[0]);
        }
        enclave.addTcs(0x1000, 0x2000);
        enclave.secsInEpc().attributes(enclave.attributes().with(Attributes.INIT));
        machine.lp.cpl(3);
        long tcs = enclave.base() + 0x1000;
        TestMachine.succeeds(Enclu.eenter(machine.lp, tcs, AEP));
        MemorySegment secret = area(new Random(18), xfrm);
        assertThat(machine.lp.registers().xrstor(secret, xfrm)).isTrue();
        machine.lp.registers().set(Register.RIP, enclave.base() + 0x77);
        Aex.run(machine.lp, Event.interrupt(1));
        assertThat(new Gprsgx(machine.cpu
                                .epc()
                                .page(machine.memory.epcPage(enclave.base() + 0x5000))
                                .asSlice(Epc.PAGE_SIZE - Gprsgx.SIZE))
                        .rip())
                .isEqualTo(enclave.base() + 0x77);
        TestMachine.succeeds(Enclu.eresume(machine.lp, tcs, AEP));
        MemorySegment resumed = MemorySegment.ofArray(new byte[Xsave.size(xfrm)]);
        machine.lp.registers().xsave(resumed, xfrm);
        for (int bit : new int[] {2, 5, 6, 7, 9, 17, 18}) {
            int[] component = Xsave.component(bit);
            assertThat(resumed.asSlice(component[0], component[1]).mismatch(secret.asSlice(component[0], component[1])))
                    .as("component %d", bit)
                    .isEqualTo(-1);
        }
    }

    /** An XSAVE area with random content and the header that XRSTOR wants. */
    static MemorySegment area(Random random, long xfrm) {
        byte[] bytes = new byte[Xsave.size(xfrm)];
        random.nextBytes(bytes);
        MemorySegment area = MemorySegment.ofArray(bytes);
        Layouts.u32(area, 24, 0x1f80 | random.nextInt(64));
        Layouts.u32(area, 28, 0xffff);
        area.asSlice(512, 64).fill((byte) 0);
        Layouts.u64(area, Xsave.XSTATE_BV, xfrm);
        return area;
    }

    @Test
    void outsideThereIsNone() {
        EnclaveCall call = new EnclaveCall(Leaf.EENTER, EnclaveCall.Kind.SGX2);
        assertThatThrownBy(call::interrupt).isInstanceOf(IllegalStateException.class);
    }
}
