package jsgx.machine.space;

import java.util.function.Function;
import jsgx.machine.linux.Linux;
import jsgx.machine.task.Agent;

/** An agent in the test's own address space: it executes the calls itself, but for those that a test has fail. */
final class OwnAgent implements Agent {

    private final int epcDescriptor;
    private Function<Call, Long> instead = call -> 0L;
    private int turns;

    OwnAgent(int epcDescriptor) {
        this.epcDescriptor = epcDescriptor;
    }

    /** What a test's function returns other than 0 is a call's result, and the call is not executed. */
    void instead(Function<Call, Long> function) {
        instead = function;
    }

    int turns() {
        return turns;
    }

    @Override
    public long systemCall(long number, long... arguments) {
        return systemCalls(new Call(number, arguments))[0];
    }

    @Override
    public long[] systemCalls(Call... calls) {
        turns++;
        long[] results = new long[calls.length];
        for (int i = 0; i < calls.length; i++) {
            long given = instead.apply(calls[i]);
            results[i] = given != 0 ? given : Linux.call(calls[i].number(), calls[i].arguments());
        }
        return results;
    }

    @Override
    public int epcDescriptor() {
        return epcDescriptor;
    }

    @Override
    public boolean isGone() {
        return false;
    }
}
