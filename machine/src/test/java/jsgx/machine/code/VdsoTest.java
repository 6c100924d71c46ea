package jsgx.machine.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vDSO as dynamic linkers, tools and programs that parse it themselves read it. */
class VdsoTest {

    private static final KernelVdso KERNEL = new KernelVdso(List.of(
            new KernelVdso.Function("__vdso_time", false, 0x800),
            new KernelVdso.Function("time", true, 0x800),
            new KernelVdso.Function("__vdso_sgx_enter_enclave", false, 0xa00),
            new KernelVdso.Function("__vdso_getcpu", false, 0x900)));
    private static final long BASE = 0x7fff_1234_0000L;

    private final CodePages pages = CodePages.of(KERNEL);
    private final ByteBuffer image = ByteBuffer.wrap(pages.bytes(BASE)).order(ByteOrder.LITTLE_ENDIAN);

    @TempDir
    Path folder;

    /** Looks a symbol up as the kernel's selftest does, and glibc with a version: by hash, then name, then version. */
    private Optional<Integer> find(String name) {
        int hash = tag(4);
        int buckets = image.getInt(hash);
        int chains = hash + 8 + 4 * buckets;
        int bucket = Integer.remainderUnsigned(VdsoImage.elfHash(name), buckets);
        for (int i = image.getInt(hash + 8 + 4 * bucket); i != 0; i = image.getInt(chains + 4 * i)) {
            int symbol = tag(6) + 24 * i;
            if (string(image.getInt(symbol)).equals(name)) {
                assertThat(version(image.getShort(tag(0x6ffffff0) + 2 * i))).isEqualTo("LINUX_2.6");
                return Optional.of(symbol);
            }
        }
        return Optional.empty();
    }

    private long value(String name) {
        return image.getLong(find(name).orElseThrow() + 8);
    }

    private String version(int index) {
        int definition = tag(0x6ffffffc);
        while (image.getShort(definition + 4) != index) {
            definition += image.getInt(definition + 16);
        }
        String name = string(image.getInt(definition + image.getInt(definition + 12)));
        assertThat(image.getInt(definition + 8)).isEqualTo(VdsoImage.elfHash(name));
        return name;
    }

    private int tag(long tag) {
        for (int at = (int) program(2, 8); image.getLong(at) != 0; at += 16) {
            if (image.getLong(at) == tag) {
                return (int) image.getLong(at + 8);
            }
        }
        throw new AssertionError("no tag " + tag);
    }

    /** A word of the program header of this type. */
    private long program(int type, int offset) {
        for (int i = 0; i < image.getShort(56); i++) {
            int header = (int) image.getLong(32) + i * image.getShort(54);
            if (image.getInt(header) == type) {
                return image.getLong(header + offset);
            }
        }
        throw new AssertionError("no program header " + type);
    }

    private String string(int offset) {
        int at = tag(5) + offset;
        int end = at;
        while (image.get(end) != 0) {
            end++;
        }
        return new String(image.array(), at, end - at, StandardCharsets.ISO_8859_1);
    }

    @Test
    void enclavesAreEnteredByTheSymbolOfMainline() {
        assertThat(CodeLayout.VDSO + value("__vdso_sgx_enter_enclave"))
                .isEqualTo(pages.vdso().enterEnclave());
        assertThat(find("__vdso_nothing")).isEmpty();
    }

    @Test
    void theKernelsFunctionsLeadIntoTheKernelsOwn() {
        for (KernelVdso.Function function : KERNEL.functions()) {
            if (!function.name().equals("__vdso_sgx_enter_enclave")) {
                int at = (int) value(function.name());
                assertThat(image.getShort(at)).as("jmp [rip+…]").isEqualTo((short) 0x25ff);
                assertThat(image.getLong(at + 6 + image.getInt(at + 2))).isEqualTo(BASE + function.offset());
                int binding = image.get(find(function.name()).orElseThrow() + 4) >> 4;
                assertThat(binding).isEqualTo(function.weak() ? 2 : 1);
            }
        }
    }

    @Test
    void itIsCalledAsTheKernelsOwn() {
        assertThat(string(tag(14))).isEqualTo("linux-vdso.so.1");
        assertThat(version(1)).isEqualTo("linux-vdso.so.1");
    }

    @Test
    void whatIsReadIsWhatWasMade() {
        assertThat(KernelVdso.parse(image.array()).functions())
                .extracting(KernelVdso.Function::name)
                .containsExactly("__vdso_sgx_enter_enclave", "__vdso_time", "time", "__vdso_getcpu");
    }

    @Test
    void whatIsNoImageHasNoFunctions() {
        assertThat(KernelVdso.parse(new byte[100]).functions()).isEmpty();
        assertThat(KernelVdso.parse(Arrays.copyOf(image.array(), 0x200)).functions())
                .isEmpty();
    }

    @Test
    void theRunningKernelsHasItsClock() {
        List<KernelVdso.Function> functions = KernelVdso.ofThisProcess().functions();
        Assumptions.assumeFalse(functions.isEmpty(), "this kernel has no vDSO");

        assertThat(functions).extracting(KernelVdso.Function::name).contains("__vdso_clock_gettime");
        assertThat(CodePages.of(KernelVdso.ofThisProcess()).vdso()).isEqualTo(pages.vdso());
    }

    @Test
    void theGadgetsAreWhereTheyShouldBe() {
        // A trap that another thread makes the kernel forget comes again.
        int[] trap = {0xcc, 0xe9, 0xfa, 0xff, 0xff, 0xff};
        assertThat(bytes(CodeLayout.SYSTEM_CALL, 2)).containsExactly(0x0f, 0x05);
        assertThat(bytes(CodeLayout.AFTER_SYSTEM_CALL, trap.length)).containsExactly(trap);
        assertThat(bytes(CodeLayout.CLONE_AGENT, 5)).containsExactly(0x0f, 0x05, 0x48, 0x85, 0xc0);
        assertThat(bytes(CodeLayout.AFTER_CLONE_AGENT, trap.length)).containsExactly(trap);
        assertThat(bytes(pages.vdso().enclu(), 3)).containsExactly(0x0f, 0x01, 0xd7);
    }

    @Test
    void aStubLiesInItsPlaceAndTheVdsoLeadsToIt() {
        byte[] stub = {(byte) 0xc3, 0x55, (byte) 0xc3};
        CodePages stubbed = CodePages.of(KERNEL, stub, CodeLayout.STUB + 1);
        ByteBuffer code = ByteBuffer.wrap(stubbed.bytes(BASE)).order(ByteOrder.LITTLE_ENDIAN);

        assertThat(stubbed.vdso()).isEqualTo(pages.vdso());
        int enclu = (int) (stubbed.vdso().enclu() - CodeLayout.CODE);
        int jump = enclu - 5;
        assertThat(code.get(jump)).isEqualTo((byte) 0xe9);
        assertThat(CodeLayout.CODE + enclu + code.getInt(jump + 1)).isEqualTo(CodeLayout.STUB + 1);
        assertThat(code.get((int) (CodeLayout.STUB - CodeLayout.CODE) + 1)).isEqualTo((byte) 0x55);
    }

    private int[] bytes(long address, int count) {
        int[] bytes = new int[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = image.get((int) (address - CodeLayout.CODE) + i) & 0xff;
        }
        return bytes;
    }

    @Test
    void readelfUnderstandsIt() throws Exception {
        Path file = Files.write(folder.resolve("vdso"), image.array());
        String text;
        try {
            Process readelf = new ProcessBuilder("readelf", "-W", "-l", "-d", "-D", "-s", "-V", file.toString())
                    .redirectErrorStream(true)
                    .start();
            text = new String(readelf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(readelf.waitFor()).isZero();
        } catch (IOException e) {
            Assumptions.abort("no readelf: install binutils to check the image");
            return;
        }

        assertThat(text)
                .contains("linux-vdso.so.1", "__vdso_sgx_enter_enclave", "R E 0x1000", "(VERDEF)")
                .doesNotContainIgnoringCase("warning", "error", "corrupt");
    }
}
