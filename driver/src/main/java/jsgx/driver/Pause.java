package jsgx.driver;

import java.time.Duration;

/** The port through which the driver sleeps, so that a test need not. */
@FunctionalInterface
public interface Pause {

    /** Sleeps on the thread itself. */
    Pause REAL = Thread::sleep;

    /**
     * Sleeps.
     *
     * @throws InterruptedException where a signal came, which ends the call
     */
    void sleep(Duration duration) throws InterruptedException;
}
