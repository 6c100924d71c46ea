package jsgx.arch.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import jsgx.arch.TestLaunchEnclave;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.KeyName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeyDependenciesTest {

    private static final byte[] PACKAGE_KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

    /** A field of the key dependencies: its size, and how to set it from little-endian bytes. */
    private record Field(int size, BiConsumer<KeyDependencies, ByteBuffer> set) {}

    /** The fields after KEYNAME in the order in which docs/unpublished.md has them. */
    private static final List<Field> FIELDS = List.of(
            new Field(16, (key, b) -> key.isvFamilyId(all(b))),
            new Field(16, (key, b) -> key.isvExtProdId(all(b))),
            new Field(2, (key, b) -> key.isvProdId(b.getShort(0))),
            new Field(2, (key, b) -> key.isvSvn(b.getShort(0))),
            new Field(16, (key, b) -> key.ownerEpoch(bytes(b))),
            new Field(16, (key, b) -> key.attributes(new Attributes(b.getLong(0), b.getLong(8)))),
            new Field(16, (key, b) -> key.attributesMask(new Attributes(b.getLong(0), b.getLong(8)))),
            new Field(32, (key, b) -> key.mrEnclave(all(b))),
            new Field(32, (key, b) -> key.mrSigner(all(b))),
            new Field(32, (key, b) -> key.keyId(all(b))),
            new Field(16, (key, b) -> key.sealKeyFuses(bytes(b))),
            new Field(16, (key, b) -> key.cpuSvn(bytes(b))),
            new Field(352, (key, b) -> key.padding(all(b))),
            new Field(4, (key, b) -> key.miscSelect(b.getInt(0))),
            new Field(4, (key, b) -> key.miscMask(b.getInt(0))),
            new Field(2, (key, b) -> key.keyPolicy(b.getShort(0))),
            new Field(64, (key, b) -> key.configId(all(b))),
            new Field(2, (key, b) -> key.configSvn(b.getShort(0))),
            new Field(1, (key, b) -> key.cetAttributes(b.get(0))),
            new Field(1, (key, b) -> key.cetAttributesMask(b.get(0))));

    @ParameterizedTest
    @EnumSource
    void theKeyIsTheMacOfAllFields(KeyName name) {
        Random random = new Random(name.ordinal());
        KeyDependencies key = new KeyDependencies(name);
        ByteBuffer expected = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        expected.putShort((short) name.code());
        for (Field field : FIELDS) {
            byte[] value = new byte[field.size()];
            random.nextBytes(value);
            field.set().accept(key, ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN));
            expected.put(value);
        }

        assertThat(key.derive(new Cmac(PACKAGE_KEY)))
                .isEqualTo(TestLaunchEnclave.cmac(PACKAGE_KEY, bytes(expected.flip())));
    }

    /** Any bit of any field makes another key. */
    @Test
    void everyBitCounts() {
        Cmac cmac = new Cmac(PACKAGE_KEY);
        Set<String> keys = new HashSet<>();
        int count = 0;
        for (Field field : FIELDS) {
            for (int bit = 0; bit < 8 * field.size(); bit++) {
                byte[] value = new byte[field.size()];
                value[bit / 8] = (byte) (1 << bit % 8);
                KeyDependencies key = new KeyDependencies(KeyName.SEAL);
                field.set().accept(key, ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN));
                keys.add(HexFormat.of().formatHex(key.derive(cmac)));
                count++;
            }
        }
        for (KeyName name : KeyName.values()) {
            keys.add(HexFormat.of().formatHex(new KeyDependencies(name).derive(cmac)));
            count++;
        }

        assertThat(keys).hasSize(count);
    }

    @Test
    void theHardcodedPaddingIsTheManuals() {
        byte[] padding = KeyDependencies.hardcodedPkcs15Padding();

        assertThat(padding).hasSize(352);
        List<Byte> ff = new ArrayList<>();
        for (int i = 2; i < 332; i++) {
            ff.add(padding[i]);
        }
        // The manual prints both ends as little-endian numbers: 0100H and 2004...3000H.
        assertThat(HexFormat.of().formatHex(padding, 0, 2)).isEqualTo("0001");
        assertThat(ff).containsOnly((byte) 0xff);
        assertThat(HexFormat.of().formatHex(reversed(padding, 332)))
                .isEqualTo("2004000501020403650148866009060d30313000");
    }

    @Test
    void thePaddingCannotBeChangedFromOutside() {
        KeyDependencies.hardcodedPkcs15Padding()[0] = 1;

        assertThat(KeyDependencies.hardcodedPkcs15Padding()[0]).isZero();
    }

    @Test
    void aFieldOfAnotherSizeIsRefused() {
        assertThatThrownBy(() -> new KeyDependencies(KeyName.SEAL).ownerEpoch(new byte[15]))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new KeyDependencies(KeyName.SEAL).keyId(MemorySegment.ofArray(new byte[33])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.limit()];
        buffer.get(0, bytes);
        return bytes;
    }

    private static MemorySegment all(ByteBuffer buffer) {
        return MemorySegment.ofArray(bytes(buffer));
    }

    private static byte[] reversed(byte[] bytes, int from) {
        byte[] out = new byte[bytes.length - from];
        for (int i = 0; i < out.length; i++) {
            out[i] = bytes[bytes.length - 1 - i];
        }
        return out;
    }
}
