package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.TCS;

import java.util.function.Function;
import java.util.function.Supplier;
import jsgx.arch.LeafCheck;
import jsgx.arch.Segments;
import jsgx.arch.struct.Attributes;

/** The checks that EENTER and ERESUME share, each under the name that both give it. */
abstract class EntryChecks<K extends Enum<K> & LeafCheck> extends EncluChecks<K> {

    static final long NOT_CANONICAL = 0x0000_8000_0000_0000L;
    static final long LIMIT_2G = 0x7fff_ffffL;

    /** The kinds of call to which some violations are bound. */
    final Supplier<EnclaveCall> call64 = () -> call(EnclaveCall.Kind.SGX2);

    final Supplier<EnclaveCall> call32 = () -> call(EnclaveCall.Kind.MODE32);
    final Supplier<EnclaveCall> callCet = () -> call(EnclaveCall.Kind.CET);

    EntryChecks(Class<K> type) {
        super(type);
        segments();
        tcs();
        processor();
    }

    @Override
    final EnclaveCall call() {
        return call(EnclaveCall.Kind.SGX2);
    }

    /** A call that succeeds. */
    abstract EnclaveCall call(EnclaveCall.Kind kind);

    private void segments() {
        on(call32);
        segment("DS_USABLE", new Segments(0, LIMIT_2G, false, 0, LIMIT_2G, 0, 0, true));
        segment("CS_AND_DS_BASE", new Segments(1, LIMIT_2G, true, 0, LIMIT_2G, 0, 0, true));
        segment("CS_AND_DS_BASE", new Segments(0, LIMIT_2G, true, 1, LIMIT_2G, 0, 0, true));
        segment("ES_BASE", new Segments(0, LIMIT_2G, true, 0, LIMIT_2G, 1, 0, true));
        segment("SS_BASE", new Segments(0, LIMIT_2G, true, 0, LIMIT_2G, 0, 1, true));
        segment("SS_B", new Segments(0, LIMIT_2G, true, 0, LIMIT_2G, 0, 0, false));
        onAny();
    }

    private void segment(String check, Segments segments) {
        segment(of(check), call -> segments);
    }

    final void segment(K check, Function<EnclaveCall, Segments> segments) {
        gp(check, call -> call.machine.lp.segments(segments.apply(call)));
    }

    private void tcs() {
        gp(of("TCS_ALIGNED"), call -> call.rbx += 0x800);
        pf(of("TCS_IN_EPC"), false, call -> call.rbx, call -> call.rbx = call.at(EnclaveCall.ORDINARY));
        on(call64);
        gp(of("AEP_CANONICAL"), call -> call.rcx = NOT_CANONICAL);
        onAny();
        gp(of("TCS_FREE"), call -> call.holdExclusive(() -> call.page(TCS)));
        page("TCS", TCS, false, call -> call.rbx);
        gp(of("OSSA_ALIGNED"), call -> call.tcs().ossa(call.tcs().ossa() + 0x100));
        gp(of("OFSBASE_ALIGNED"), call -> call.tcs().ofsBase(call.tcs().ofsBase() + 0x100));
        gp(of("OGSBASE_ALIGNED"), call -> call.tcs().ogsBase(call.tcs().ogsBase() + 0x100));
        gp(of("FLAGS_RESERVED"), call -> call.tcs().flags(call.tcs().flags() | 1 << 2));
        gp(of("FLAGS_RESERVED"), call -> call.tcs().flags(call.tcs().flags() | 1L << 63));
        gp(of("STATE_INACTIVE"), call -> call.tcs().state(1));
        gp(of("AEXNOTIFY"), call -> call.tcs().flags(0));
        gp(
                of("AEXNOTIFY"),
                call -> call.secs().attributes(call.secs().attributes().without(Attributes.AEXNOTIFY)));
    }

    private void processor() {
        gp(
                of("INITIALIZED"),
                call -> call.secs().attributes(call.secs().attributes().without(Attributes.INIT)));
        gp(of("MODE64BIT"), call -> call.secs().attributes(otherMode(call.secs().attributes())));
        gp(of("OSFXSR"), call -> call.machine.lp.osfxsr(false));
        gp(of("XFRM_WITHOUT_XSAVE"), call -> call.machine.lp.osxsave(false));
        gp(of("XFRM_IN_XCR0"), call -> call.machine.lp.xcr0(3));
        apart(of("XFRM_WITHOUT_XSAVE"), of("XFRM_IN_XCR0"));
    }

    private static Attributes otherMode(Attributes attributes) {
        return new Attributes(attributes.flags() ^ Attributes.MODE64BIT, attributes.xfrm());
    }

    /** The checks of CET. */
    final void cet() {
        on(callCet);
        gp(of("CET_ENABLED"), call -> call.machine.lp.cr4Cet(false));
        gp(of("OCETSSA_ALIGNED"), call -> call.tcs().ocetSsa(EnclaveCall.CET_SAVE + 8));
        cetSaveArea();
        onAny();
    }
}
