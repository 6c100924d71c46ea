package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Encls;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.VaPage;

/** A kernel's paging of one machine: its operands, and a page outside the EPC with its metadata. */
final class Pager {

    /** A page outside the EPC: what EWB writes and ELDU reads. */
    record Evicted(MemorySegment page, Pcmd pcmd, long linAddr, long slot) {

        /** The same in other memory, to be changed. */
        Evicted copy() {
            return new Evicted(
                    MemorySegment.ofArray(page.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)),
                    Pcmd.of(pcmd.memory().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE)),
                    linAddr,
                    slot);
        }
    }

    private static final int PAGE_WINDOW = TestMachine.FREE_WINDOW;
    private static final int PCMD_WINDOW = PAGE_WINDOW + 1;

    final TestMachine machine;
    final int va;
    private int nextSlot;

    Pager(TestMachine machine) {
        this.machine = machine;
        this.va = version(machine);
    }

    /** A fresh version array's page. */
    static int version(TestMachine machine) {
        int va = machine.freePage();
        machine.cpu.epc().page(va).fill((byte) 0);
        machine.cpu.epcm().set(va, PageType.VA.code() << Epcm.PT_SHIFT, 0, Epcm.NO_SECS);
        return va;
    }

    /** The linear address of the next free slot. */
    long freeSlot() {
        return slot(va, nextSlot++);
    }

    long slot(int page, int index) {
        return machine.epc(page) + (long) index * VaPage.SLOT_SIZE;
    }

    /** What a slot holds. */
    long version(long slot) {
        int page = machine.memory.epcPage(slot);
        return new VaPage(machine.cpu.epc().page(page)).slot((int) (slot & (Epc.PAGE_SIZE - 1)) / VaPage.SLOT_SIZE);
    }

    /** EBLOCK and, where no thread is inside, a whole tracking cycle. */
    void block(int page) {
        succeeds(Encls.eblock(machine.lp, machine.epc(page)));
        succeeds(Encls.etrack(machine.lp, machine.epc(machine.cpu.epcm().enclaveSecs(page))));
    }

    /** EWB of a page that is ready for it. */
    Evicted evict(int page) {
        Evicted evicted = outside(freeSlot());
        succeeds(ewb(page, evicted));
        return new Evicted(evicted.page(), evicted.pcmd(), machine.pageinfo.linAddr(), evicted.slot());
    }

    /** Memory for a page to be evicted. */
    static Evicted outside(long slot) {
        return new Evicted(MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]), Pcmd.allocate(), 0, slot);
    }

    Outcome ewb(int page, Evicted evicted) {
        operands(evicted);
        machine.pageinfo.linAddr(0);
        machine.pageinfo.secs(0);
        return Encls.ewb(machine.lp, machine.pageinfoAt, machine.epc(page), evicted.slot());
    }

    /** ELDU to a page, as a page of the enclave with this SECS, or of none where it is 0. */
    Outcome eldu(Evicted evicted, int page, long secs) {
        load(evicted, secs);
        return Encls.eldu(machine.lp, machine.pageinfoAt, machine.epc(page), evicted.slot());
    }

    Outcome eldb(Evicted evicted, int page, long secs) {
        load(evicted, secs);
        return Encls.eldb(machine.lp, machine.pageinfoAt, machine.epc(page), evicted.slot());
    }

    private void load(Evicted evicted, long secs) {
        operands(evicted);
        machine.pageinfo.linAddr(evicted.linAddr());
        machine.pageinfo.secs(secs);
    }

    private void operands(Evicted evicted) {
        machine.pageinfo.srcPge(machine.memory.map(PAGE_WINDOW, evicted.page()));
        machine.pageinfo.pcmd(machine.memory.map(PCMD_WINDOW, evicted.pcmd().memory()));
    }
}
