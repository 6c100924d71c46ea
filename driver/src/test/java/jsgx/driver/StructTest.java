package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.stream.Stream;
import jsgx.arch.TestSigner;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The structures and request numbers, byte by byte, as the headers of the three drivers define them. */
class StructTest {

    private record Expected(String name, int cmd, int number, boolean back, MemorySegment memory, String image) {}

    private static final String A = "8877665544332211";
    private static final String B = "0101010101010101";
    private static final String C = "0202020202020202";
    private static final String D = "0303030303030303";
    private static final String E = "0404040404040404";
    private static final String F = "0505050505050505";
    private static final long V = 0x1122334455667788L;

    private static long all(int value) {
        return 0x0101010101010101L * value;
    }

    private static Stream<Expected> mainline() {
        var create = jsgx.driver.mainline.Create.allocate();
        create.src(V);
        var add = jsgx.driver.mainline.AddPages.allocate();
        add.src(V);
        add.offset(all(1));
        add.length(all(2));
        add.secinfo(all(3));
        add.flags(all(4));
        add.count(all(5));
        var init = jsgx.driver.mainline.Init.allocate();
        init.sigstruct(V);
        var provision = jsgx.driver.mainline.Provision.allocate();
        provision.fd(V);
        var restrict = jsgx.driver.mainline.RestrictPermissions.allocate();
        restrict.offset(V);
        restrict.length(all(1));
        restrict.permissions(all(2));
        restrict.result(all(3));
        restrict.count(all(4));
        var modify = jsgx.driver.mainline.ModifyTypes.allocate();
        modify.offset(V);
        modify.length(all(1));
        modify.pageType(all(2));
        modify.result(all(3));
        modify.count(all(4));
        var remove = jsgx.driver.mainline.RemovePages.allocate();
        remove.offset(V);
        remove.length(all(1));
        remove.count(all(2));
        MemorySegment none = MemorySegment.ofArray(new byte[0]);
        return Stream.of(
                new Expected("create", jsgx.driver.mainline.Create.CMD, 0, false, create.memory(), A),
                new Expected(
                        "add_pages", jsgx.driver.mainline.AddPages.CMD, 1, true, add.memory(), A + B + C + D + E + F),
                new Expected("init", jsgx.driver.mainline.Init.CMD, 2, false, init.memory(), A),
                new Expected("provision", jsgx.driver.mainline.Provision.CMD, 3, false, provision.memory(), A),
                new Expected("vepc remove_all", jsgx.driver.mainline.VepcRemoveAll.CMD, 4, false, none, ""),
                new Expected(
                        "restrict_permissions",
                        jsgx.driver.mainline.RestrictPermissions.CMD,
                        5,
                        true,
                        restrict.memory(),
                        A + B + C + D + E),
                new Expected(
                        "modify_types",
                        jsgx.driver.mainline.ModifyTypes.CMD,
                        6,
                        true,
                        modify.memory(),
                        A + B + C + D + E),
                new Expected(
                        "remove_pages", jsgx.driver.mainline.RemovePages.CMD, 7, true, remove.memory(), A + B + C));
    }

    private static Stream<Expected> v5() {
        var create = jsgx.driver.v5.Create.allocate();
        create.src(V);
        var add = jsgx.driver.v5.AddPage.allocate();
        add.addr(V);
        add.src(all(1));
        add.secinfo(all(2));
        add.mrmask(0x0605);
        var init = jsgx.driver.v5.Init.allocate();
        init.addr(V);
        init.sigstruct(all(1));
        MemorySegment withFlags = MemorySegment.ofArray(new byte[24]);
        return Stream.of(
                new Expected("create", jsgx.driver.v5.Create.CMD, 0, false, create.memory(), A),
                new Expected("add_page", jsgx.driver.v5.AddPage.CMD, 1, false, add.memory(), A + B + C + "0506"),
                new Expected("init", jsgx.driver.v5.Init.CMD, 2, false, init.memory(), A + B),
                new Expected(
                        "init with flags", jsgx.driver.v5.Init.CMD_WITH_FLAGS, 2, false, withFlags, "00".repeat(24)));
    }

    private static Stream<Expected> isgx() {
        var create = jsgx.driver.isgx.Create.allocate();
        create.src(V);
        var add = jsgx.driver.isgx.AddPage.allocate();
        add.addr(V);
        add.src(all(1));
        add.secinfo(all(2));
        add.mrmask(0x0605);
        var init = jsgx.driver.isgx.Init.allocate();
        init.addr(V);
        init.sigstruct(all(1));
        init.einittoken(all(2));
        var emodpr = jsgx.driver.isgx.Emodpr.allocate();
        emodpr.startAddr(V);
        emodpr.nrPages(0x01010101);
        emodpr.flags(all(2));
        var mktcs = jsgx.driver.isgx.Mktcs.allocate();
        mktcs.startAddr(V);
        mktcs.nrPages(0x01010101);
        var trim = jsgx.driver.isgx.Trim.allocate();
        trim.startAddr(V);
        trim.nrPages(0x01010101);
        var notify = jsgx.driver.isgx.NotifyAccept.allocate();
        notify.startAddr(V);
        notify.nrPages(0x01010101);
        var remove = jsgx.driver.isgx.PageRemove.allocate();
        remove.addr(V);
        String range = A + "01010101" + "00000000";
        return Stream.of(
                new Expected("create", jsgx.driver.isgx.Create.CMD, 0, false, create.memory(), A),
                new Expected("add_page", jsgx.driver.isgx.AddPage.CMD, 1, false, add.memory(), A + B + C + "0506"),
                new Expected("init", jsgx.driver.isgx.Init.CMD, 2, false, init.memory(), A + B + C),
                new Expected("emodpr", jsgx.driver.isgx.Emodpr.CMD, 9, false, emodpr.memory(), range + C),
                new Expected("mktcs", jsgx.driver.isgx.Mktcs.CMD, 10, false, mktcs.memory(), range),
                new Expected("trim", jsgx.driver.isgx.Trim.CMD, 11, false, trim.memory(), range),
                new Expected("notify_accept", jsgx.driver.isgx.NotifyAccept.CMD, 12, false, notify.memory(), range),
                new Expected("page_remove", jsgx.driver.isgx.PageRemove.CMD, 13, false, remove.memory(), A));
    }

    @TestFactory
    Stream<DynamicTest> images() {
        return Stream.of(mainline(), v5(), isgx())
                .flatMap(stream -> stream)
                .map(e -> DynamicTest.dynamicTest(e.name(), () -> {
                    byte[] bytes = TestSigner.bytes(e.memory());
                    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(e.image());
                    int expected = bytes.length == 0
                            ? IoctlNumber.io(e.number())
                            : e.back()
                                    ? IoctlNumber.iowr(e.number(), bytes.length)
                                    : IoctlNumber.iow(e.number(), bytes.length);
                    assertThat(e.cmd()).isEqualTo(expected);
                    assertThat(IoctlNumber.size(e.cmd())).isEqualTo(bytes.length);
                }));
    }
}
