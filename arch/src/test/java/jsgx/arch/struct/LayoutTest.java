package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jsgx.arch.struct.LayoutTable.Kind;
import jsgx.arch.struct.LayoutTable.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.FieldSource;

/** Every byte of a structure belongs to one field or one reserved range, and each accessor touches its own bytes only. */
@ParameterizedClass
@FieldSource("jsgx.arch.struct.LayoutTable#ALL")
record LayoutTest(LayoutTable table) {

    @Test
    void constantsAreTheManuals() throws ReflectiveOperationException {
        assertThat(table.structure().getField("SIZE").getInt(null)).isEqualTo(table.size());
        assertThat(table.structure().getField("ALIGNMENT").getInt(null)).isEqualTo(table.alignment());
    }

    @Test
    void everyByteIsInOneRow() {
        int[] owners = new int[table.size()];
        table.proper().forEach(row -> IntStream.range(row.offset(), row.end()).forEach(at -> owners[at]++));

        assertThat(owners).containsOnly(1);
    }

    @Test
    void everyAccessorIsInTheTable() {
        Set<String> setters = Arrays.stream(table.structure().getDeclaredMethods())
                .filter(m -> m.getReturnType() == void.class && m.getParameterCount() == 1)
                .filter(m -> m.getParameterTypes()[0] != boolean.class && m.getParameterTypes()[0] != PageType.class)
                .map(Method::getName)
                .collect(Collectors.toSet());

        assertThat(table.accessible()).extracting(Row::name).containsExactlyInAnyOrderElementsOf(setters);
    }

    @Test
    void aSetterChangesItsOwnBytesOnly() throws ReflectiveOperationException {
        for (Row row : table.accessible()) {
            byte[] image = new byte[table.size()];
            Object view = view(MemorySegment.ofArray(image));
            set(view, row, ones(row));

            BitSet expected = new BitSet();
            expected.set(row.offset(), row.end());
            assertThat(changed(image)).as(row.name()).isEqualTo(expected);
            assertThat(get(view, row)).as(row.name()).isEqualTo(ones(row));
        }
    }

    @Test
    void allFieldsKeepTheirValuesBesideEachOther() throws ReflectiveOperationException {
        Random random = new Random(table.size());
        byte[] image = new byte[table.size()];
        Object view = view(MemorySegment.ofArray(image));
        List<Row> rows = table.accessible().stream()
                .filter(row -> row.kind() != Kind.ALIAS)
                .toList();
        byte[] values = new byte[table.size()];
        random.nextBytes(values);
        for (Row row : rows) {
            set(view, row, Arrays.copyOfRange(values, row.offset(), row.end()));
        }

        for (Row row : rows) {
            byte[] value = Arrays.copyOfRange(values, row.offset(), row.end());
            assertThat(get(view, row)).as(row.name()).isEqualTo(value);
            assertThat(Arrays.copyOfRange(image, row.offset(), row.end()))
                    .as("%s is little-endian", row.name())
                    .isEqualTo(value);
        }
    }

    @Test
    void aBitAnywhereInAReservedRangeIsSeen() throws ReflectiveOperationException {
        for (Row row : table.proper()) {
            for (int at = row.offset(); at < row.end(); at++) {
                for (int bit : new int[] {1, 0x80}) {
                    byte[] image = new byte[table.size()];
                    image[at] = (byte) bit;
                    Object view = view(MemorySegment.ofArray(image));
                    if (row.kind() != Kind.MIXED) {
                        assertThat(holds(view, "reservedIsZero"))
                                .as("%s byte %d", row.name(), at)
                                .isEqualTo(row.kind() != Kind.RESERVED);
                    }
                    assertThat(holds(view, "cetFieldsAreZero"))
                            .as("%s byte %d", row.name(), at)
                            .isEqualTo(row.kind() != Kind.CET);
                }
            }
        }
    }

    @Test
    void aViewTakesTheFirstBytesOfLargerMemory() throws ReflectiveOperationException {
        byte[] larger = new byte[table.size() + 8];
        Object view = view(MemorySegment.ofArray(larger));

        assertThat(memory(view).byteSize()).isEqualTo(table.size());
        memory(view).fill((byte) 1);
        assertThat(changed(larger).length()).isEqualTo(table.size());
    }

    @Test
    void aViewRefusesSmallerMemory() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> view(MemorySegment.ofArray(new byte[table.size() - 1])))
                .withMessageContaining("is %d bytes, got %d", table.size(), table.size() - 1);
    }

    @Test
    void aViewWorksAtAnOddNativeAddress() throws ReflectiveOperationException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(table.size() + 1L, 8).asSlice(1);
            Object view = view(odd);
            for (Row row : table.accessible()) {
                set(view, row, ones(row));
                assertThat(get(view, row)).as(row.name()).isEqualTo(ones(row));
            }
        }
    }

    @Test
    void anAllocatedStructureIsZero() throws ReflectiveOperationException {
        Object allocated = table.structure().getMethod("allocate").invoke(null);

        assertThat(memory(allocated).byteSize()).isEqualTo(table.size());
        assertThat(Views.isZero(memory(allocated), 0, table.size())).isTrue();
    }

    @Test
    void ofSeesTheArrayItself() throws ReflectiveOperationException {
        byte[] image = new byte[table.size()];
        Object view = table.structure().getMethod("of", byte[].class).invoke(null, (Object) image);
        image[0] = 7;

        assertThat(Layouts.u8(memory(view), 0)).isEqualTo(7);
    }

    @Test
    void aByteFieldRefusesAnotherSize() throws ReflectiveOperationException {
        Object view = view(MemorySegment.ofArray(new byte[table.size()]));
        for (Row row : table.accessible()) {
            Method getter = table.structure().getMethod(row.name());
            if (getter.getReturnType() == MemorySegment.class) {
                assertThatIllegalArgumentException()
                        .as(row.name())
                        .isThrownBy(() -> set(view, row, new byte[row.size() + 1]));
            }
        }
    }

    private Object view(MemorySegment memory) throws ReflectiveOperationException {
        try {
            return table.structure().getConstructor(MemorySegment.class).newInstance(memory);
        } catch (InvocationTargetException e) {
            throw unwrapped(e);
        }
    }

    private static MemorySegment memory(Object view) throws ReflectiveOperationException {
        return (MemorySegment) view.getClass().getMethod("memory").invoke(view);
    }

    private static byte[] ones(Row row) {
        byte[] ones = new byte[row.size()];
        Arrays.fill(ones, (byte) 0xFF);
        return ones;
    }

    private static BitSet changed(byte[] image) {
        BitSet changed = new BitSet();
        IntStream.range(0, image.length).filter(at -> image[at] != 0).forEach(changed::set);
        return changed;
    }

    /** Sets a field, through each of its setters, to a little-endian value. */
    private static void set(Object view, Row row, byte[] value) throws ReflectiveOperationException {
        MemorySegment bytes = MemorySegment.ofArray(value);
        Class<?> structure = view.getClass();
        Class<?> type = structure.getMethod(row.name()).getReturnType();
        Method setter = structure.getMethod(row.name(), type);
        try {
            if (type == MemorySegment.class) {
                structure.getMethod(row.name(), byte[].class).invoke(view, (Object) value);
                setter.invoke(view, bytes);
            } else if (type == Attributes.class) {
                setter.invoke(view, Attributes.at(bytes, 0));
            } else if (type == long.class) {
                setter.invoke(view, bytes.get(Layouts.U64, 0));
            } else {
                setter.invoke(view, integer(bytes));
            }
        } catch (InvocationTargetException e) {
            throw unwrapped(e);
        }
    }

    /** What a field's getter says, in little-endian bytes. */
    private static byte[] get(Object view, Row row) throws ReflectiveOperationException {
        Object value = view.getClass().getMethod(row.name()).invoke(view);
        MemorySegment bytes = MemorySegment.ofArray(new byte[row.size()]);
        switch (value) {
            case MemorySegment slice -> bytes.copyFrom(slice);
            case Attributes attributes -> attributes.writeTo(bytes, 0);
            case Long wide -> bytes.set(Layouts.U64, 0, wide);
            case Integer narrow -> {
                for (int at = 0; at < row.size(); at++) {
                    bytes.set(Layouts.U8, at, (byte) (narrow >> (8 * at)));
                }
                assertThat(narrow).as("%s is unsigned", row.name()).isEqualTo(integer(bytes));
            }
            default -> throw new AssertionError(value);
        }
        return bytes.toArray(Layouts.U8);
    }

    private static int integer(MemorySegment bytes) {
        int value = 0;
        for (int at = 0; at < bytes.byteSize(); at++) {
            value |= Byte.toUnsignedInt(bytes.get(Layouts.U8, at)) << (8 * at);
        }
        return value;
    }

    /** What the structure says under this name; true of a structure that has no such bytes. */
    private static boolean holds(Object view, String name) throws ReflectiveOperationException {
        boolean absent = Arrays.stream(view.getClass().getMethods())
                .noneMatch(m -> m.getName().equals(name));
        return absent || (boolean) view.getClass().getMethod(name).invoke(view);
    }

    private static RuntimeException unwrapped(InvocationTargetException e) {
        return e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    }
}
