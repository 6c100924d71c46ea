package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.leaf.Pager.Evicted;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.VaPage;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.modes.GCMBlockCipher;
import org.bouncycastle.crypto.modes.GCMModeCipher;
import org.bouncycastle.crypto.params.AEADParameters;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;

/** The format that docs/unpublished.md states, written and read by Bouncy Castle from that statement alone. */
class EvictedFormatTest {

    private static final long LINADDR = TestEnclave.BASE + 0x4000;
    private static final long FLAGS = Secinfo.R | Secinfo.X | Secinfo.PR | (long) PageType.REG.code() << 8;

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final Pager pager = new Pager(machine);
    private final byte[] content = content();

    @Test
    void bouncyCastleReadsWhatEwbWrites() throws InvalidCipherTextException {
        int page = enclave.addUnmeasured(0x4000, TestEnclave.RX, content);
        machine.cpu.epcm().update(page, 0, (int) Secinfo.PR);
        pager.block(page);
        Evicted evicted = pager.evict(page);
        long eid = machine.cpu.requireSecs(enclave.secsPage()).eid();

        byte[] sealed = new byte[Epc.PAGE_SIZE + 16];
        MemorySegment.copy(evicted.page(), ValueLayout.JAVA_BYTE, 0, sealed, 0, Epc.PAGE_SIZE);
        MemorySegment.copy(evicted.pcmd().mac(), ValueLayout.JAVA_BYTE, 0, sealed, Epc.PAGE_SIZE, 16);
        assertThat(gcm(false, pager.version(evicted.slot()), header(eid), sealed))
                .isEqualTo(content);
    }

    @Test
    void elduReadsWhatBouncyCastleWrites() throws InvalidCipherTextException {
        long version = 0x0123_4567_89ab_cde8L;
        byte[] sealed = gcm(
                true,
                version,
                header(machine.cpu.requireSecs(enclave.secsPage()).eid()),
                content);
        Pcmd pcmd = Pcmd.allocate();
        pcmd.secinfo().flags(FLAGS);
        pcmd.mac(MemorySegment.ofArray(sealed).asSlice(Epc.PAGE_SIZE, 16));
        new VaPage(machine.cpu.epc().page(pager.va)).slot(511, version);
        int page = machine.freePage();

        succeeds(pager.eldu(
                new Evicted(
                        MemorySegment.ofArray(sealed).asSlice(0, Epc.PAGE_SIZE),
                        pcmd,
                        LINADDR,
                        pager.slot(pager.va, 511)),
                page,
                enclave.secsAt()));
        assertThat(machine.cpu.epc().page(page).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
    }

    private static byte[] header(long eid) {
        return ByteBuffer.allocate(128)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(eid)
                .putLong(LINADDR)
                .putLong(FLAGS)
                .array();
    }

    private byte[] gcm(boolean encrypt, long version, byte[] header, byte[] in) throws InvalidCipherTextException {
        byte[] iv = ByteBuffer.allocate(12).putInt(0).putLong(version).array();
        GCMModeCipher gcm = GCMBlockCipher.newInstance(AESEngine.newInstance());
        gcm.init(encrypt, new AEADParameters(new KeyParameter(machine.cpu.pagingKey()), 128, iv, header));
        byte[] out = new byte[gcm.getOutputSize(in.length)];
        gcm.doFinal(out, gcm.processBytes(in, 0, in.length, out, 0));
        return out;
    }

    private static byte[] content() {
        byte[] content = new byte[Epc.PAGE_SIZE];
        new Random(3).nextBytes(content);
        return content;
    }
}
