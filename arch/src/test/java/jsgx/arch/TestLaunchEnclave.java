package jsgx.arch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * A launch enclave's token, made without any of the model's own cryptography: the key derivation of docs/unpublished.md
 * written out once more, under Bouncy Castle's CMAC.
 *
 * @param mrSigner the signer of the launch enclave
 */
public record TestLaunchEnclave(byte[] mrSigner) {

    private static final int DEPENDENCIES = 650;

    /** A token for an enclave, by a launch enclave of the machine's CPUSVN. */
    public EinitToken token(byte[] mrEnclave, byte[] enclaveSigner, Attributes attributes) {
        EinitToken token = EinitToken.allocate();
        token.valid(1);
        token.attributes(attributes);
        token.mrEnclave(mrEnclave);
        token.mrSigner(enclaveSigner);
        token.cpuSvnLe(TestMachine.CPU_SVN.bytes());
        token.isvProdIdLe(32);
        token.isvSvnLe(1);
        token.maskedAttributesLe(new Attributes(Attributes.INIT | Attributes.EINITTOKENKEY, 0));
        byte[] keyId = new byte[32];
        Arrays.fill(keyId, (byte) 0x4b);
        token.keyId(keyId);
        mac(token);
        return token;
    }

    /** Writes the MAC that belongs to the token. */
    public void mac(EinitToken token) {
        byte[] key = cmac(TestMachine.FUSES.packageKey(), dependencies(token));
        token.mac(cmac(key, TestSigner.bytes(token.macedBytes())));
    }

    private byte[] dependencies(EinitToken token) {
        ByteBuffer bytes = ByteBuffer.allocate(DEPENDENCIES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort((short) 0);
        skip(bytes, 16 + 16);
        bytes.putShort((short) token.isvProdIdLe());
        bytes.putShort((short) token.isvSvnLe());
        bytes.put(TestMachine.OWNER_EPOCH);
        bytes.putLong(token.maskedAttributesLe().flags());
        bytes.putLong(token.maskedAttributesLe().xfrm());
        skip(bytes, 16 + 32);
        bytes.put(mrSigner);
        bytes.put(TestSigner.bytes(token.keyId()));
        bytes.put(TestMachine.FUSES.sealFuses());
        bytes.put(TestSigner.bytes(token.cpuSvnLe()));
        bytes.put((byte) 0).put((byte) 1);
        for (int i = 0; i < 330; i++) {
            bytes.put((byte) 0xff);
        }
        bytes.put(HexFormat.of().parseHex("003031300d060960864801650304020105000420"));
        bytes.putInt(token.maskedMiscSelectLe());
        skip(bytes, 4 + 2 + 64 + 2);
        bytes.put((byte) token.cetMaskedAttributesLe()).put((byte) 0);
        byte[] all = new byte[bytes.position()];
        bytes.get(0, all);
        return all;
    }

    /** AES-128-CMAC by Bouncy Castle. */
    public static byte[] cmac(byte[] key, byte[] message) {
        CMac mac = new CMac(AESEngine.newInstance());
        mac.init(new KeyParameter(key));
        mac.update(message, 0, message.length);
        byte[] out = new byte[mac.getMacSize()];
        mac.doFinal(out, 0);
        return out;
    }

    private static void skip(ByteBuffer bytes, int count) {
        bytes.position(bytes.position() + count);
    }
}
