package jsgx.machine.fast;

import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R11;
import static jsgx.image.x86.Reg.R12;
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

import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;

/**
 * The stub: the handler of every signal that the program's supervision looks at. It runs on the thread's area with all signals
 * masked, says in the mailbox what came, and does what Java answers: system calls, and at last the way back. EENTER and EEXIT of a TCS that is leased to it it executes by
 * itself; where they come from the vDSO, without any signal.
 */
final class Stub {

    /** How often it looks at the mailbox before it sleeps: an answer is often there before a sleep would have begun. */
    private static final int SPINS = 200;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;

    private static final long LEASES = CodeLayout.THREAD_AREAS + (long) AreaLayout.LEASE_SLOT * AreaLayout.SLOT;
    private static final long TIDS = CodeLayout.THREAD_AREAS + (long) AreaLayout.TID_SLOT * AreaLayout.SLOT;
    private static final int SLOT_SHIFT = Integer.numberOfTrailingZeros(AreaLayout.SLOT);
    private static final int LEASE_SHIFT = Integer.numberOfTrailingZeros(AreaLayout.LEASE_BYTES);
    private static final int HASH_SHIFT = Integer.numberOfTrailingZeros(AreaLayout.LEASES);
    private static final int PAGE_SHIFT = 12;

    /** User addresses have none of the bits from here on. */
    private static final int CANONICAL_SHIFT = 47;

    private static final int TRAP_FLAG = 0x100;
    private static final int FETCH = 0x10;
    static final int ENCLU_LENGTH = 3;

    // The frame of the entry from the vDSO, which holds what the entry needs registers for.

    private static final Reg[] SAVED = {RCX, RDX, RSI, RDI, R11};
    private static final int TARGET = SAVED.length * Long.BYTES;
    static final int FRAME = TARGET + Long.BYTES;

    private final Assembler code = new Assembler();
    private final Label enter = new Label();
    private final Label fallBack = new Label();
    private final Label lastOfEnter = new Label();
    private final Label endOfEnter = new Label();
    private final Label handler = new Label();
    private final Label slow = new Label();
    private final byte[] bytes;

    Stub() {
        fromVdso();
        code.align(16).bind(handler);
        code.mov(RBX, RSP).and(RBX, -AreaLayout.SLOT);
        code.mov(area(AreaLayout.SIGNAL), RDI);
        code.mov(area(AreaLayout.INFO), RSI);
        code.mov(area(AreaLayout.CONTEXT), RDX);
        enclu();
        ask();
        bytes = code.toBytes();
    }

    /** The code; it runs at any address. */
    byte[] code() {
        return bytes.clone();
    }

    /** Where the vDSO goes before its ENCLU, whose address is in RCX. */
    int enter() {
        return enter.offset();
    }

    /** Where the handler begins. */
    int handler() {
        return handler.offset();
    }

    /** Whether an offset is in the entry from the vDSO. */
    boolean isEnter(long offset) {
        return offset >= enter.offset() && offset < endOfEnter.offset();
    }

    /** Where an entry that has come to nothing goes on, with its frame on the stack. */
    int fallBack() {
        return fallBack.offset();
    }

    /** Where the entry's frame begins, from RSP at an offset in the entry, once it has a lease. */
    int frame(long offset) {
        return offset == lastOfEnter.offset() ? -TARGET : 0;
    }

    /** Where the frame has a register that the entry needed; -1 for those that it left alone. */
    static int saved(Register register) {
        for (int i = 0; i < SAVED.length; i++) {
            if (SAVED[i].ordinal() == register.ordinal()) {
                return i * Long.BYTES;
            }
        }
        return -1;
    }

    /** EENTER by the vDSO's function: with a lease all the way, without one back to the ENCLU. No signal frame is made, and none is needed to come here. */
    private void fromVdso() {
        Label direct = new Label();
        code.bind(enter).cmp32(RAX, Leaf.EENTER.number()).jump(Condition.NE, direct);
        code.lea(RSP, Mem.at(RSP, -FRAME));
        for (int i = 0; i < SAVED.length; i++) {
            code.mov(Mem.at(RSP, i * Long.BYTES), SAVED[i]);
        }
        findLease(RBX, RDX);
        code.cmp(RBX, lease(AreaLayout.LEASE_TCS)).jump(Condition.NE, fallBack);
        code.cmp(lease(AreaLayout.LEASE_STATE), AreaLayout.FREE).jump(Condition.NE, fallBack);

        code.mov32(RAX, SystemCall.GETTID).syscall();
        code.mov(RDI, RAX).and(RDI, AreaLayout.TIDS - 1).mov(RDX, TIDS);
        code.mov32(RDX, Mem.at(RDX, RDI, Integer.BYTES, 0));
        code.test32(RDX, RDX).jump(Condition.E, fallBack);
        code.shl(RDX, SLOT_SHIFT).mov(RDI, CodeLayout.THREAD_AREAS).add(RDX, RDI);
        code.cmp(RAX, Mem.at(RDX, AreaLayout.TID)).jump(Condition.NE, fallBack);
        code.cmp(Mem.at(RDX, AreaLayout.INSIDE), 0).jump(Condition.NE, fallBack);
        code.cmp(Mem.at(RDX, AreaLayout.LEASE), 0).jump(Condition.NE, fallBack);
        claim(RBX, RDX, fallBack);
        code.mov(RCX, Mem.at(RSP, 0)).mov(lease(AreaLayout.LEASE_AEP), RCX);
        code.mov(RDI, lease(AreaLayout.LEASE_URSP));
        code.lea(RAX, Mem.at(RSP, FRAME)).mov(Mem.at(RDI, 0), RAX).mov(Mem.at(RDI, Long.BYTES), RBP);
        code.mov(Mem.at(RDX, AreaLayout.LEASE), RSI);
        code.lea(RDI, Mem.at(RDX, AreaLayout.INSIDE_BY_LEASE)).xchg(lease(AreaLayout.LEASE_STATE), RDI);
        // From here on the thread counts as inside.
        count(AreaLayout.LEASE_ENTRIES);
        code.mov(RAX, lease(AreaLayout.LEASE_FS_BASE)).wrfsbase(RAX);
        code.mov(RAX, lease(AreaLayout.LEASE_GS_BASE)).wrgsbase(RAX);
        code.mov(RAX, lease(AreaLayout.LEASE_RIP)).mov(Mem.at(RSP, TARGET), RAX);
        code.mov(RAX, lease(AreaLayout.LEASE_CSSA));
        restore();
        code.lea(RCX, Mem.at(RCX, ENCLU_LENGTH));
        code.lea(RSP, Mem.at(RSP, TARGET));
        code.bind(lastOfEnter).ret();

        code.bind(fallBack);
        restore();
        code.mov32(RAX, Leaf.EENTER.number()).lea(RSP, Mem.at(RSP, FRAME));
        code.bind(direct).jmp(RCX).bind(endOfEnter);
    }

    private void restore() {
        for (int i = 0; i < SAVED.length; i++) {
            code.mov(SAVED[i], Mem.at(RSP, i * Long.BYTES));
        }
    }

    /** RSI becomes the address of a TCS's lease. */
    private void findLease(Reg tcs, Reg scratch) {
        code.mov(RSI, tcs)
                .shr(RSI, PAGE_SHIFT)
                .mov(scratch, RSI)
                .shr(scratch, HASH_SHIFT)
                .xor(RSI, scratch);
        code.and(RSI, AreaLayout.LEASES - 1)
                .shl(RSI, LEASE_SHIFT)
                .mov(scratch, LEASES)
                .add(RSI, scratch);
    }

    /** Takes the lease at RSI for a thread, and notes what it brings. */
    private void claim(Reg tcs, Reg area, Label failed) {
        Label claimed = new Label();
        code.mov32(RAX, AreaLayout.FREE).lea(RDI, Mem.at(area, AreaLayout.ENTERING));
        code.lockCmpxchg(lease(AreaLayout.LEASE_STATE), RDI).jump(Condition.NE, failed);
        code.cmp(tcs, lease(AreaLayout.LEASE_TCS)).jump(Condition.E, claimed);
        code.xchg(lease(AreaLayout.LEASE_STATE), RAX).jmp(failed);
        code.bind(claimed);
        code.rdfsbase(RAX).mov(lease(AreaLayout.LEASE_OUTSIDE_FS), RAX);
        code.rdgsbase(RAX).mov(lease(AreaLayout.LEASE_OUTSIDE_GS), RAX);
    }

    private void count(int counter) {
        code.mov(RAX, lease(counter)).add(RAX, 1).mov(lease(counter), RAX);
    }

    /** In the handler: EENTER and EEXIT with a lease. */
    private void enclu() {
        Label synchronous = new Label();
        Label exit = new Label();
        Label back = new Label();

        code.cmp32(RDI, Signals.SIGILL).jump(Condition.E, synchronous);
        code.cmp32(RDI, Signals.SIGSEGV).jump(Condition.NE, slow);
        code.bind(synchronous);
        code.mov32(RAX, Mem.at(RSI, SignalFrame.INFO_CODE)).cmp32(RAX, 0).jump(Condition.LE, slow);
        code.mov(RAX, context(SignalFrame.ERROR_CODE)).and(RAX, FETCH).jump(Condition.NE, slow);
        readCode();
        code.mov32(RCX, context(Register.RAX));
        code.cmp32(RCX, Leaf.EEXIT.number()).jump(Condition.E, exit);
        code.cmp32(RCX, Leaf.EENTER.number()).jump(Condition.NE, slow);

        code.cmp(area(AreaLayout.INSIDE), 0).jump(Condition.NE, slow);
        code.cmp(area(AreaLayout.LEASE), 0).jump(Condition.NE, slow);
        code.mov(RCX, context(SignalFrame.FLAGS)).and(RCX, TRAP_FLAG).jump(Condition.NE, slow);
        code.mov(R12, context(Register.RCX));
        canonical(R12);
        code.mov(R11, context(Register.RBX));
        findLease(R11, RDI);
        code.cmp(R11, lease(AreaLayout.LEASE_TCS)).jump(Condition.NE, slow);
        claim(R11, RBX, slow);
        code.mov(lease(AreaLayout.LEASE_AEP), R12);
        code.mov(RDI, lease(AreaLayout.LEASE_URSP));
        code.mov(RAX, context(Register.RSP)).mov(Mem.at(RDI, 0), RAX);
        code.mov(RAX, context(Register.RBP)).mov(Mem.at(RDI, Long.BYTES), RAX);
        code.mov(area(AreaLayout.LEASE), RSI);
        code.mov(RAX, context(Register.RIP)).add(RAX, ENCLU_LENGTH).mov(context(Register.RCX), RAX);
        code.mov(RAX, lease(AreaLayout.LEASE_CSSA)).mov(context(Register.RAX), RAX);
        code.mov(RAX, lease(AreaLayout.LEASE_RIP)).mov(context(Register.RIP), RAX);
        code.mov(R8, lease(AreaLayout.LEASE_FS_BASE)).mov(R9, lease(AreaLayout.LEASE_GS_BASE));
        count(AreaLayout.LEASE_ENTRIES);
        code.lea(RDI, area(AreaLayout.INSIDE_BY_LEASE)).xchg(lease(AreaLayout.LEASE_STATE), RDI);
        code.jmp(back);

        code.bind(exit);
        code.mov(RSI, area(AreaLayout.LEASE)).test(RSI, RSI).jump(Condition.E, slow);
        code.mov(R12, context(Register.RBX));
        canonical(R12);
        code.mov(R11, lease(AreaLayout.LEASE_AEP));
        code.mov(R8, lease(AreaLayout.LEASE_OUTSIDE_FS)).mov(R9, lease(AreaLayout.LEASE_OUTSIDE_GS));
        code.lea(RAX, area(AreaLayout.INSIDE_BY_LEASE)).mov32(RDI, AreaLayout.FREE);
        code.lockCmpxchg(lease(AreaLayout.LEASE_STATE), RDI).jump(Condition.NE, slow);
        code.mov(area(AreaLayout.LEASE), 0);
        code.mov(context(Register.RCX), R11).mov(context(Register.RIP), R12);

        code.bind(back).wrfsbase(R8).wrgsbase(R9).mov(RSP, RDX);
        code.mov32(RAX, SystemCall.RT_SIGRETURN).syscall().ud2();
    }

    /** Whether there is an ENCLU at RIP. The processor has read it just now, but another thread may be taking the page away: the kernel reads. */
    private void readCode() {
        code.lea(RAX, area(AreaLayout.BYTES_READ)).mov(area(AreaLayout.HERE), RAX);
        code.mov(area(AreaLayout.HERE + AreaLayout.IOVEC_LENGTH), ENCLU_LENGTH);
        code.mov(RAX, context(SignalFrame.RIP)).mov(area(AreaLayout.THERE), RAX);
        code.mov(area(AreaLayout.THERE + AreaLayout.IOVEC_LENGTH), ENCLU_LENGTH);
        code.mov32(RDI, area(AreaLayout.TID)).lea(RSI, area(AreaLayout.HERE)).mov32(RDX, 1);
        code.lea(R10, area(AreaLayout.THERE)).mov32(R8, 1).zero(R9);
        code.mov32(RAX, SystemCall.PROCESS_VM_READV).syscall();
        code.cmp(RAX, ENCLU_LENGTH).jump(Condition.NE, slow);
        code.mov(RDX, area(AreaLayout.CONTEXT));
        int[] enclu = {0x0f, 0x01, 0xd7};
        for (int i = 0; i < ENCLU_LENGTH; i++) {
            code.movzx8(RCX, area(AreaLayout.BYTES_READ + i))
                    .cmp32(RCX, enclu[i])
                    .jump(Condition.NE, slow);
        }
    }

    /** Whether an address is one of user space; Java looks at others. */
    private void canonical(Reg address) {
        code.mov(RCX, address).shr(RCX, CANONICAL_SHIFT).jump(Condition.NE, slow);
    }

    /** In the handler: has Java do the rest. */
    private void ask() {
        Label wait = new Label();
        Label look = new Label();
        Label answered = new Label();
        Label execute = new Label();
        Label post = new Label();

        code.bind(slow);
        code.rdfsbase(RAX).mov(area(AreaLayout.FS_BASE), RAX);
        code.rdgsbase(RAX).mov(area(AreaLayout.GS_BASE), RAX);

        code.bind(post);
        code.mov32(RAX, AreaLayout.POSTED).xchg32(area(AreaLayout.STATE), RAX);
        futex(FUTEX_WAKE, 1);

        code.bind(wait);
        code.mov32(RCX, SPINS);
        code.bind(look);
        code.mov32(RAX, area(AreaLayout.STATE)).cmp32(RAX, AreaLayout.POSTED).jump(Condition.NE, answered);
        code.pause().sub(RCX, 1).jump(Condition.NE, look);
        futex(FUTEX_WAIT, AreaLayout.POSTED);
        code.jmp(wait);

        code.bind(answered);
        code.cmp32(RAX, AreaLayout.EXECUTE).jump(Condition.E, execute);
        code.mov32(RAX, AreaLayout.RUNNING).xchg32(area(AreaLayout.STATE), RAX);
        code.mov(RAX, area(AreaLayout.FS_BASE)).wrfsbase(RAX);
        code.mov(RAX, area(AreaLayout.GS_BASE)).wrgsbase(RAX);
        code.mov(RSP, area(AreaLayout.CONTEXT));
        code.mov32(RAX, SystemCall.RT_SIGRETURN).syscall().ud2();

        code.bind(execute);
        code.mov(RDI, area(AreaLayout.ARGUMENTS));
        code.mov(RSI, area(AreaLayout.ARGUMENTS + 8));
        code.mov(RDX, area(AreaLayout.ARGUMENTS + 16));
        code.mov(R10, area(AreaLayout.ARGUMENTS + 24));
        code.mov(R8, area(AreaLayout.ARGUMENTS + 32));
        code.mov(R9, area(AreaLayout.ARGUMENTS + 40));
        code.mov(RAX, area(AreaLayout.NUMBER)).syscall();
        code.mov(area(AreaLayout.RESULT), RAX);
        code.jmp(post);
    }

    private void futex(int operation, int value) {
        code.lea(RDI, area(AreaLayout.STATE))
                .mov32(RSI, operation)
                .mov32(RDX, value)
                .zero(R10);
        code.mov32(RAX, SystemCall.FUTEX).syscall();
    }

    private static Mem area(int offset) {
        return Mem.at(RBX, offset);
    }

    private static Mem lease(int offset) {
        return Mem.at(RSI, offset);
    }

    private static Mem context(Register register) {
        return context(SignalFrame.offset(register));
    }

    private static Mem context(int offset) {
        return Mem.at(RDX, offset);
    }
}
