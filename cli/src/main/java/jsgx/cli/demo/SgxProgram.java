package jsgx.cli.demo;

import static jsgx.image.x86.Condition.B;
import static jsgx.image.x86.Condition.NE;
import static jsgx.image.x86.Condition.S;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.R10;
import static jsgx.image.x86.Reg.R12;
import static jsgx.image.x86.Reg.R13;
import static jsgx.image.x86.Reg.R14;
import static jsgx.image.x86.Reg.R8;
import static jsgx.image.x86.Reg.R9;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RBX;
import static jsgx.image.x86.Reg.RCX;
import static jsgx.image.x86.Reg.RDI;
import static jsgx.image.x86.Reg.RDX;
import static jsgx.image.x86.Reg.RSI;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.Leaf;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.x86.Assembler;
import jsgx.image.x86.Label;
import jsgx.image.x86.StaticElf;
import jsgx.image.x86.StaticElf.Segment;

/**
 * A program as an SGX runtime's developer would write it, with no word of jsgx in it: it opens the device, builds an enclave, enters it by
 * EENTER and says what came back. It is a static executable, assembled here because the demonstration is to work where there is no
 * compiler.
 *
 * <p>It exits with 0, or with the number of the {@link Step} that failed.
 */
public final class SgxProgram {

    /** What it does, one after the other; the exit status of one that fails is its ordinal and 1. */
    public enum Step {
        OPEN,
        RESERVE,
        CREATE,
        ADD_PAGES,
        INIT,
        MAP,
        ENTER;

        /** The program's exit status where this step failed. */
        public int exitStatus() {
            return ordinal() + 1;
        }
    }

    private static final long CODE = 0x40_0000;
    private static final long DATA = 0x80_0000;
    private static final int PAGE = 4096;

    private static final int SYS_WRITE = 1;
    private static final int SYS_OPEN = 2;
    private static final int SYS_MMAP = 9;
    private static final int SYS_IOCTL = 16;
    private static final int SYS_EXIT_GROUP = 231;
    private static final int O_RDWR = 2;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int SHARED_FIXED = 0x11;
    private static final int SHARED = 1;
    private static final int RWX = 7;

    /** What the enclave adds up. */
    private static final int[] NUMBERS = {40, 2};

    private final EnclaveImage image;
    private final Assembler asm = new Assembler();
    private final Label failed = new Label();

    /** The data, whose addresses are known beforehand. */
    private final Data data = new Data();

    private SgxProgram(EnclaveImage image) {
        this.image = image;
    }

    /** What lies behind the code. */
    private static final class Data {

        private final List<byte[]> parts = new ArrayList<>();
        private int size;

        /** Puts something there: its address. */
        long put(byte[] content, int alignment) {
            int gap = Math.floorMod(-size, alignment);
            parts.add(new byte[gap]);
            parts.add(content);
            size += gap + content.length;
            return DATA + size - content.length;
        }

        /** A structure of 64-bit numbers. */
        long put(long... words) {
            ByteBuffer structure =
                    ByteBuffer.allocate(words.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (long word : words) {
                structure.putLong(word);
            }
            return put(structure.array(), Long.BYTES);
        }

        byte[] bytes() {
            ByteBuffer all = ByteBuffer.allocate(size);
            parts.forEach(all::put);
            return all.array();
        }
    }

    /**
     * The bytes of the program's file.
     *
     * @param kind the interface it uses, one that needs no token
     */
    public static byte[] elf(EnclaveImage image, Sigstruct sigstruct, InterfaceKind kind) {
        SgxProgram program = new SgxProgram(image);
        switch (kind) {
            case MAINLINE -> program.mainline(sigstruct);
            case V5 -> program.v5(sigstruct);
            case ISGX -> throw new IllegalArgumentException("isgx wants a token");
        }
        return StaticElf.of(
                CODE, List.of(Segment.code(CODE, program.asm.toBytes()), Segment.data(DATA, program.data.bytes())));
    }

    private void mainline(Sigstruct sigstruct) {
        open("/dev/sgx_enclave");
        // Twice the size holds an aligned range of it.
        int size = Math.toIntExact(image.size());
        mmap(Step.RESERVE, 0, 2 * size, 0, PRIVATE_ANONYMOUS);
        asm.add(RAX, size - 1).and(RAX, -size).mov(R12, RAX);
        create(sigstruct);
        long secinfo;
        for (EnclavePage page : image.pages()) {
            secinfo = secinfo(page);
            long source = data.put(page.content().toArray(Layouts.U8), PAGE);
            ioctl(
                    Step.ADD_PAGES,
                    jsgx.driver.mainline.AddPages.CMD,
                    data.put(source, page.offset(), PAGE, secinfo, jsgx.driver.mainline.AddPages.MEASURE, 0));
        }
        ioctl(Step.INIT, jsgx.driver.mainline.Init.CMD, data.put(sigstruct(sigstruct)));
        for (EnclavePage page : image.pages()) {
            boolean tcs = page.flags() == EnclavePage.TCS;
            int protection = tcs ? (int) (Secinfo.R | Secinfo.W) : (int) (page.flags() & RWX);
            asm.mov(RDI, R12).add(RDI, Math.toIntExact(page.offset()));
            mapRegister(Step.MAP, PAGE, protection, SHARED_FIXED);
        }
        enter();
    }

    private void v5(Sigstruct sigstruct) {
        open("/dev/sgx");
        asm.zero(RDI);
        mapRegister(Step.RESERVE, Math.toIntExact(image.size()), RWX, SHARED);
        asm.mov(R12, RAX);
        create(sigstruct);
        for (EnclavePage page : image.pages()) {
            var add = jsgx.driver.v5.AddPage.allocate();
            add.secinfo(secinfo(page));
            add.src(data.put(page.content().toArray(Layouts.U8), PAGE));
            add.mrmask(page.measured());
            long structure = data.put(add.memory().toArray(Layouts.U8), Long.BYTES);
            asm.mov(RAX, R12).add(RAX, Math.toIntExact(page.offset()));
            asm.mov(RBX, structure).mov(at(RBX), RAX);
            ioctl(Step.ADD_PAGES, jsgx.driver.v5.AddPage.CMD, structure);
        }
        long init = data.put(0, sigstruct(sigstruct));
        asm.mov(RBX, init).mov(at(RBX), R12);
        ioctl(Step.INIT, jsgx.driver.v5.Init.CMD, init);
        enter();
    }

    private void open(String path) {
        long name = data.put((path + "\0").getBytes(StandardCharsets.US_ASCII), 1);
        asm.mov32(R14, Step.OPEN.exitStatus());
        asm.mov(RDI, name).mov32(RSI, O_RDWR).zero(RDX).mov32(RAX, SYS_OPEN).syscall();
        asm.test(RAX, RAX).jump(S, failed).mov(R13, RAX);
    }

    private void create(Sigstruct sigstruct) {
        Secs secs = Secs.allocate();
        secs.size(image.size());
        secs.ssaFrameSize(image.ssaFrameSize());
        secs.attributes(sigstruct.attributes());
        secs.miscSelect(sigstruct.miscSelect());
        long address = data.put(secs.memory().toArray(Layouts.U8), PAGE);
        asm.mov(RBX, address).mov(at(RBX, 8), R12);
        ioctl(Step.CREATE, jsgx.driver.mainline.Create.CMD, data.put(address));
    }

    private long secinfo(EnclavePage page) {
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(page.flags());
        return data.put(secinfo.memory().toArray(Layouts.U8), Secinfo.ALIGNMENT);
    }

    private long sigstruct(Sigstruct sigstruct) {
        MemorySegment memory = sigstruct.memory();
        return data.put(memory.toArray(Layouts.U8), PAGE);
    }

    private void ioctl(Step step, int cmd, long structure) {
        asm.mov32(R14, step.exitStatus());
        asm.mov(RDI, R13)
                .mov32(RSI, cmd)
                .mov(RDX, structure)
                .mov32(RAX, SYS_IOCTL)
                .syscall();
        asm.test(RAX, RAX).jump(NE, failed);
    }

    private void mmap(Step step, long address, int length, int protection, int flags) {
        asm.mov(RDI, address);
        mapRegister(step, length, protection, flags);
    }

    /** mmap at the address in RDI, of the device where the mapping is shared. */
    private void mapRegister(Step step, int length, int protection, int flags) {
        asm.mov32(R14, step.exitStatus());
        asm.mov32(RSI, length).mov32(RDX, protection).mov32(R10, flags);
        if ((flags & SHARED) != 0) {
            asm.mov(R8, R13);
        } else {
            asm.mov(R8, -1L);
        }
        asm.zero(R9).mov32(RAX, SYS_MMAP).syscall();
        // An address has its highest bit clear, a negated errno does not.
        asm.test(RAX, RAX).jump(S, failed);
    }

    /** Enters for each number, and prints the last sum. */
    private void enter() {
        Label resume = new Label();
        Label entered = new Label();
        long exchange = data.put(0, 0);
        asm.mov32(R14, Step.ENTER.exitStatus());
        for (int number : NUMBERS) {
            asm.mov(RDI, exchange).mov(at(RDI), number);
            asm.mov(RBX, R12)
                    .lea(RCX, at(resume))
                    .mov32(RAX, Leaf.EENTER.number())
                    .enclu();
        }
        asm.jmp(entered);
        // Where an asynchronous exit leads: RAX is ERESUME's number then.
        asm.bind(resume).enclu();
        asm.bind(entered);
        print(exchange + Long.BYTES);
        asm.zero(RDI).mov32(RAX, SYS_EXIT_GROUP).syscall();
        asm.bind(failed).mov(RDI, R14).mov32(RAX, SYS_EXIT_GROUP).syscall();
    }

    /** Prints the number at an address, of at most two digits. */
    private void print(long number) {
        byte[] text = "the enclave's sum: 00\n".getBytes(StandardCharsets.US_ASCII);
        long line = data.put(text, 1);
        Label more = new Label();
        Label done = new Label();
        asm.mov(RBX, number).mov(RAX, at(RBX)).zero(RCX);
        asm.bind(more).cmp(RAX, 10).jump(B, done);
        asm.sub(RAX, 10).add(RCX, 1).jmp(more);
        asm.bind(done).add(RAX, '0').add(RCX, '0');
        asm.mov(RBX, line + text.length - 3).mov8(at(RBX), RCX).mov8(at(RBX, 1), RAX);
        asm.mov32(RDI, 1)
                .mov(RSI, line)
                .mov32(RDX, text.length)
                .mov32(RAX, SYS_WRITE)
                .syscall();
    }
}
