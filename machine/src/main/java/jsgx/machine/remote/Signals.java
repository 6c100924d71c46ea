package jsgx.machine.remote;

import jsgx.machine.task.SignalInfo;

/** Signals in messages. */
final class Signals {

    private Signals() {}

    static void write(SignalInfo signal, Out out) {
        out.i32(signal.number())
                .i32(signal.code())
                .i64(signal.address())
                .i32(signal.trap())
                .i32(signal.errorCode());
    }

    static SignalInfo read(In in) {
        return new SignalInfo(in.i32(), in.i32(), in.i64(), in.i32(), in.i32());
    }
}
