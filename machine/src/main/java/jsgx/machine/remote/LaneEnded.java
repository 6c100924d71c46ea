package jsgx.machine.remote;

/** There is nobody at the other end of a lane any more, or nobody who answers in time. */
final class LaneEnded extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LaneEnded(String why) {
        super(why);
    }
}
