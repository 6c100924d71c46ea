package jsgx.driver;

/** Whether a driver has registered its device, which it does or does not when the machine starts. */
public sealed interface Availability {

    /** The device is there. */
    record Present() implements Availability {}

    /**
     * The driver refused to load.
     *
     * @param errno what its initialisation returned
     * @param reason why, for people
     */
    record Absent(Errno errno, String reason) implements Availability {}
}
