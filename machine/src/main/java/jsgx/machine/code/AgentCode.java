package jsgx.machine.code;

import static jsgx.machine.code.AgentMailbox.ASLEEP;
import static jsgx.machine.code.AgentMailbox.CALLS;
import static jsgx.machine.code.AgentMailbox.CALL_RESULT;
import static jsgx.machine.code.AgentMailbox.CALL_SIZE;
import static jsgx.machine.code.AgentMailbox.COUNT;
import static jsgx.machine.code.AgentMailbox.EPC;
import static jsgx.machine.code.AgentMailbox.INHERITED;
import static jsgx.machine.code.AgentMailbox.PATH;
import static jsgx.machine.code.AgentMailbox.PATIENCE;
import static jsgx.machine.code.AgentMailbox.POLL;
import static jsgx.machine.code.AgentMailbox.REPLY;
import static jsgx.machine.code.AgentMailbox.REQUEST;
import static jsgx.machine.code.AgentMailbox.SUPERVISOR;
import static jsgx.machine.code.AgentMailbox.WAITING;

import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;

/**
 * The agent's code. It uses registers and the mailbox only: no stack, no thread-local storage, for it may have been made by any thread of any
 * program. The kernel's system calls leave RBX and R12 to R15 alone.
 */
final class AgentCode {

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final int ALL = Integer.MAX_VALUE;
    private static final int SIGKILL = 9;

    /** How often an agent that is done looks for the next batch before it sleeps: they come in rows. */
    private static final int SPINS = 200;

    private static final Reg MAILBOX = Reg.R12;
    private static final Reg NUMBER = Reg.R13;
    private static final Reg LEFT = Reg.R14;
    private static final Reg CALL = Reg.R15;

    private AgentCode() {}

    static void emit(Assembler asm) {
        Label serve = new Label();
        Label sleep = new Label();
        Label work = new Label();

        asm.mov(MAILBOX, CodeLayout.PROCESS_PAGES).cld();
        start(asm);
        // The first batch's number is 1, and it has no calls: the reply to it says that the agent is there.
        asm.mov32(NUMBER, 1);

        asm.bind(serve);
        // A locked exchange: the reply is seen before it is asked whether anybody waits.
        asm.mov32(Reg.RAX, NUMBER).xchg32(word(REPLY), Reg.RAX);
        Label nobodyWaits = new Label();
        asm.cmp32(word(WAITING), 0).jump(Condition.E, nobodyWaits);
        futex(asm, REPLY, FUTEX_WAKE).mov32(Reg.RDX, ALL).syscall();
        asm.bind(nobodyWaits);

        asm.mov32(Reg.RBX, SPINS);
        Label spin = asm.here();
        asm.cmp32(NUMBER, word(REQUEST)).jump(Condition.NE, work);
        asm.pause().sub(Reg.RBX, 1).jump(Condition.NE, spin);

        asm.bind(sleep);
        asm.mov32(Reg.RAX, 1).xchg32(word(ASLEEP), Reg.RAX);
        futex(asm, REQUEST, FUTEX_WAIT).mov32(Reg.RDX, NUMBER);
        asm.lea(Reg.R10, word(PATIENCE)).syscall();
        asm.cmp32(NUMBER, word(REQUEST)).jump(Condition.NE, work);
        endWithSupervisor(asm);
        asm.jmp(sleep);

        asm.bind(work);
        asm.mov32(word(ASLEEP), 0);
        asm.mov32(NUMBER, word(REQUEST)).mov32(LEFT, word(COUNT)).lea(CALL, word(CALLS));
        Label next = asm.here();
        asm.test(LEFT, LEFT).jump(Condition.E, serve);
        asm.mov(Reg.RAX, Mem.at(CALL)).mov(Reg.RDI, Mem.at(CALL, 8)).mov(Reg.RSI, Mem.at(CALL, 16));
        asm.mov(Reg.RDX, Mem.at(CALL, 24)).mov(Reg.R10, Mem.at(CALL, 32)).mov(Reg.R8, Mem.at(CALL, 40));
        asm.mov(Reg.R9, Mem.at(CALL, 48)).syscall().mov(Mem.at(CALL, CALL_RESULT), Reg.RAX);
        asm.add(CALL, CALL_SIZE).sub(LEFT, 1).jmp(next);
    }

    /** Leaves the program's open files to the program, and opens what the agent needs. */
    private static void start(Assembler asm) {
        Label inherits = new Label();
        Label isFirst = new Label();
        Label epc = new Label();
        asm.mov32(NUMBER, word(INHERITED)).cmp32(NUMBER, 0).jump(Condition.GE, inherits);
        asm.zero(Reg.RDI);
        closeTheRest(asm);
        asm.mov(Reg.RDI, Linux.AT_FDCWD).lea(Reg.RSI, word(PATH));
        asm.mov32(Reg.RDX, Linux.O_RDWR | Linux.O_CLOEXEC).zero(Reg.R10);
        number(asm, SystemCall.OPENAT).syscall().mov(NUMBER, Reg.RAX).jmp(epc);

        asm.bind(inherits).jump(Condition.E, isFirst);
        asm.zero(Reg.RDI).lea(Reg.RSI, Mem.at(NUMBER, -1)).zero(Reg.RDX);
        number(asm, SystemCall.CLOSE_RANGE).syscall();
        asm.bind(isFirst).lea(Reg.RDI, Mem.at(NUMBER, 1));
        closeTheRest(asm);

        asm.bind(epc).mov32(word(EPC), NUMBER);
        asm.mov32(Reg.RDI, word(SUPERVISOR)).zero(Reg.RSI);
        number(asm, SystemCall.PIDFD_OPEN).syscall().mov32(word(POLL), Reg.RAX);
    }

    /** Closes the descriptors from that in RDI on. */
    private static void closeTheRest(Assembler asm) {
        asm.mov32(Reg.RSI, -1).zero(Reg.RDX);
        number(asm, SystemCall.CLOSE_RANGE).syscall();
    }

    /** Kills the process where there is no supervisor any more. A pidfd that could not be opened is never ready. */
    private static void endWithSupervisor(Assembler asm) {
        Label goOn = new Label();
        asm.lea(Reg.RDI, word(POLL)).mov32(Reg.RSI, 1).zero(Reg.RDX);
        number(asm, SystemCall.POLL).syscall().cmp(Reg.RAX, 1).jump(Condition.NE, goOn);
        number(asm, SystemCall.GETPID).syscall().mov(Reg.RDI, Reg.RAX).mov32(Reg.RSI, SIGKILL);
        number(asm, SystemCall.KILL).syscall();
        asm.bind(goOn);
    }

    private static Assembler futex(Assembler asm, int word, int operation) {
        number(asm, SystemCall.FUTEX).lea(Reg.RDI, word(word));
        return asm.mov32(Reg.RSI, operation);
    }

    private static Assembler number(Assembler asm, int systemCall) {
        return asm.mov32(Reg.RAX, systemCall);
    }

    private static Mem word(int offset) {
        return Mem.at(MAILBOX, offset);
    }
}
