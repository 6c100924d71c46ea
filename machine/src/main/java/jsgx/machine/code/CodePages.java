package jsgx.machine.code;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Condition;
import jsgx.image.x86.Label;
import jsgx.image.x86.Mem;
import jsgx.image.x86.Reg;

/** The content of the code at {@link CodeLayout#CODE}: the same in all address spaces but for where the kernel's own vDSO is. */
public final class CodePages {

    /** Where the vDSO's instructions begin; what describes them lies before. */
    private static final int TEXT = 0x1000;

    private final byte[] code;
    private final List<KernelVdso.Function> functions;
    private final int slots;
    private final VdsoAddresses vdso;

    private CodePages(KernelVdso kernel, byte[] stub, EnterEnclaveCode.Before beforeEnclu) {
        Assembler asm = new Assembler();
        reserve(asm, TEXT);
        EnterEnclaveCode enter = new EnterEnclaveCode();
        enter.emit(asm, beforeEnclu);
        asm.align(16);

        List<VdsoImage.Symbol> symbols = new ArrayList<>();
        symbols.add(new VdsoImage.Symbol(
                VdsoImage.ENTER_ENCLAVE, false, enter.start.offset(), enter.end.offset() - enter.start.offset()));
        functions = kernel.functions().stream()
                .filter(function -> !function.name().equals(VdsoImage.ENTER_ENCLAVE))
                .toList();
        Label slotsStart = new Label();
        Label[] slot = new Label[functions.size()];
        for (int i = 0; i < slot.length; i++) {
            slot[i] = new Label();
            int at = asm.size();
            asm.jmp(Mem.at(slot[i])).align(8);
            symbols.add(new VdsoImage.Symbol(
                    functions.get(i).name(), functions.get(i).weak(), at, asm.size() - at));
        }
        int textEnd = asm.size();
        asm.bind(slotsStart);
        for (Label label : slot) {
            asm.bind(label).bytes(new byte[8]);
        }
        slots = slotsStart.offset();
        int vdsoEnd = asm.size();

        reserve(asm, offset(CodeLayout.SYSTEM_CALL));
        asm.syscall();
        trap(asm);
        reserve(asm, offset(CodeLayout.CLONE_AGENT));
        Label agent = new Label();
        asm.syscall().test(Reg.RAX, Reg.RAX).jump(Condition.E, agent);
        reserve(asm, offset(CodeLayout.AFTER_CLONE_AGENT));
        trap(asm);
        reserve(asm, offset(CodeLayout.AGENT));
        asm.bind(agent);
        AgentCode.emit(asm);
        reserve(asm, offset(CodeLayout.STUB));
        asm.bytes(stub);
        reserve(asm, (int) CodeLayout.CODE_SIZE);

        code = asm.toBytes();
        new VdsoImage(symbols, enter, textEnd, vdsoEnd).writeTo(code, TEXT);
        vdso = new VdsoAddresses(
                CodeLayout.CODE + enter.start.offset(),
                CodeLayout.CODE + enter.enclu.offset(),
                CodeLayout.CODE + enter.afterEnclu.offset(),
                CodeLayout.CODE + enter.fixup.offset());
    }

    /** Code whose vDSO executes ENCLU, which traps. */
    public static CodePages of(KernelVdso kernel) {
        return new CodePages(kernel, new byte[0], CodePages::room);
    }

    /** As long as the jump to a stub: the vDSO is the same with and without. */
    private static void room(Assembler asm) {
        asm.nop().nop().nop().nop().nop();
    }

    /**
     * Code with a stub, to which its vDSO jumps before it executes ENCLU.
     *
     * @param stub what lies at {@link CodeLayout#STUB}; it may lead to anywhere in the code
     * @param enter an address in the stub, where registers are as for the ENCLU, whose address is in RCX; where the stub cannot do the same it
     *     jumps there
     */
    public static CodePages of(KernelVdso kernel, byte[] stub, long enter) {
        Label target = new Label();
        return new CodePages(
                kernel, stub, asm -> asm.bind(target, offset(enter)).jmp(target));
    }

    /**
     * Stops the thread, however often it takes: where another thread of the program has SIGTRAP ignored while this one's waits to be delivered, the
     * kernel throws it away, and the thread would go on.
     */
    private static void trap(Assembler asm) {
        Label again = asm.here();
        asm.int3().jmp(again);
    }

    private static int offset(long address) {
        return (int) (address - CodeLayout.CODE);
    }

    /** Traps up to an offset. */
    private static void reserve(Assembler asm, int offset) {
        if (asm.size() > offset) {
            throw new IllegalStateException(
                    "code of 0x%x bytes, where other code begins at 0x%x".formatted(asm.size(), offset));
        }
        while (asm.size() < offset) {
            asm.int3();
        }
    }

    /** Places in the vDSO's function that enters enclaves. */
    public VdsoAddresses vdso() {
        return vdso;
    }

    /**
     * The code for an address space.
     *
     * @param kernelVdso where the kernel has put its own vDSO there: what AT_SYSINFO_EHDR said before
     */
    public byte[] bytes(long kernelVdso) {
        byte[] bytes = code.clone();
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < functions.size(); i++) {
            buffer.putLong(slots + 8 * i, kernelVdso + functions.get(i).offset());
        }
        return bytes;
    }
}
