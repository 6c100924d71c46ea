package jsgx.arch.leaf;

import static jsgx.arch.leaf.EnclaveCall.OPERAND_1;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_2;
import static jsgx.arch.leaf.EnclaveCall.OPERAND_3;

import jsgx.arch.Leaf;
import jsgx.arch.leaf.Ereport.Check;
import jsgx.arch.struct.Layouts;

/** What EREPORT makes is tested by {@link LocalAttestationTest}. */
class EreportTest extends EncluChecks<Check> {

    EreportTest() {
        super(Check.class);
        gp(Check.TARGETINFO_ALIGNED, call -> call.rbx += 256);
        inElrangeAndEpc("TARGETINFO", false, call -> call.rbx, (call, address) -> call.rbx = address);
        page("TARGETINFO", OPERAND_1, false, call -> call.rbx);
        for (int at : new int[] {48, 56, 63, 128, 511}) {
            gp(Check.TARGETINFO_RESERVED, call -> call.content(OPERAND_1).set(Layouts.U8, at, (byte) 1));
        }
        gp(Check.REPORTDATA_ALIGNED, call -> call.rcx += 64);
        inElrangeAndEpc("REPORTDATA", false, call -> call.rcx, (call, address) -> call.rcx = address);
        page("REPORTDATA", OPERAND_2, false, call -> call.rcx);
        gp(Check.OUTPUT_ALIGNED, call -> call.rdx += 256);
        inElrangeAndEpc("OUTPUT", true, call -> call.rdx, (call, address) -> call.rdx = address);
        page("OUTPUT", OPERAND_3, true, call -> call.rdx);
    }

    @Override
    EnclaveCall call() {
        EnclaveCall call = new EnclaveCall(Leaf.EREPORT, EnclaveCall.Kind.SGX2).enter();
        call.rbx = call.at(OPERAND_1);
        call.rcx = call.at(OPERAND_2);
        call.rdx = call.at(OPERAND_3);
        return call;
    }
}
