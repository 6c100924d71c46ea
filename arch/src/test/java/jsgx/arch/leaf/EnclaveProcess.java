package jsgx.arch.leaf;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Encls;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.UserMemory;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/** A process with an enclave of several threads, and several logical processors that run it. */
final class EnclaveProcess {

    static final int FRAMES = 3;
    private static final long FIRST_TCS = 0x1000;
    private static final long PER_TCS = 0x1000 * (1 + FRAMES);

    final TestMachine machine = TestMachine.of(CpuFeatures.SGX2);
    final List<LogicalProcessor> lps = new ArrayList<>();
    final UserMemory memory = new UserMemory();
    private final TestEnclave enclave;

    /** The kernel's own logical processor is none of those that run the enclave. */
    private final LogicalProcessor kernel;

    EnclaveProcess(int processors, int tcses) {
        enclave = TestEnclave.create(machine, secs -> {
            secs.size(0x4_0000);
            secs.attributes(new Attributes(Attributes.MODE64BIT | Attributes.AEXNOTIFY, 7));
        });
        add(0, TestEnclave.RX, new byte[0]);
        for (int i = 0; i < tcses; i++) {
            long at = FIRST_TCS + i * PER_TCS;
            Tcs tcs = Tcs.allocate();
            tcs.ossa(at + 0x1000);
            tcs.nssa(FRAMES);
            tcs.oentry(i);
            tcs.flags(Tcs.AEXNOTIFY);
            add(at, TestEnclave.TCS, tcs.memory().toArray(ValueLayout.JAVA_BYTE));
            for (int frame = 0; frame < FRAMES; frame++) {
                add(at + 0x1000L * (1 + frame), TestEnclave.RW, new byte[0]);
            }
        }
        Secs secs = enclave.secsInEpc();
        secs.attributes(secs.attributes().with(Attributes.INIT));
        state().endMeasurement();
        kernel = machine.lp;
        for (int i = 0; i < processors; i++) {
            LogicalProcessor lp = machine.another().lp;
            lp.memory(memory);
            lp.cpl(3);
            lps.add(lp);
        }
    }

    private void add(long offset, long flags, byte[] content) {
        memory.mapEpc(enclave.base() + offset, enclave.addUnmeasured(offset, flags, content));
    }

    long base() {
        return enclave.base();
    }

    /** The linear address of a TCS. */
    long tcsAt(int index) {
        return enclave.base() + FIRST_TCS + index * PER_TCS;
    }

    Tcs tcs(int index) {
        return new Tcs(machine.cpu.epc().page(memory.epcPage(tcsAt(index))));
    }

    /** The SSA frame of a TCS, one page. */
    Gprsgx gprsgx(int tcs, int frame) {
        int page = memory.epcPage(tcsAt(tcs) + 0x1000L * (1 + frame));
        return new Gprsgx(machine.cpu.epc().page(page).asSlice(Epc.PAGE_SIZE - Gprsgx.SIZE));
    }

    SecsState state() {
        return machine.cpu.requireSecs(enclave.secsPage());
    }

    Outcome etrack() {
        return Encls.etrack(kernel, enclave.secsAt());
    }
}
