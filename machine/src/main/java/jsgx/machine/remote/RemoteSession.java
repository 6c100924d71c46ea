package jsgx.machine.remote;

import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.machine.event.SgxEvent;

/**
 * What a daemon gives to the run of one front end.
 *
 * @param driver the one driver
 * @param epcDescriptor the memory file with the session's pages of the EPC, page i at i times 4096; the front end gets it
 * @param show is given each EPC page, by its number, before the front end's program maps it: from then on the memory file has it; false where that cannot be
 * @param interfaces whose devices it may open
 * @param workload whom all its enclaves are charged to
 * @param reports is given each INIT, on the thread that has executed it; what it returns goes to the front end with the event
 * @param turn runs each call of the front end that has the driver or the processor work, when it is its turn; on the thread that calls
 * @param allowance what the front end's user may have of the daemon, in all sessions together; how long others wait for them is part of it
 */
public record RemoteSession(
        SgxDriver driver,
        int epcDescriptor,
        IntPredicate show,
        Set<InterfaceKind> interfaces,
        Workload workload,
        Function<SgxEvent.Ioctl, byte[]> reports,
        Consumer<Runnable> turn,
        Allowance allowance) {

    /** How long others may wait for a user's front ends, if nobody says otherwise. */
    public static final Duration PATIENCE = Duration.ofSeconds(5);

    /** A session of which every call is served at once. */
    public RemoteSession(
            SgxDriver driver,
            int epcDescriptor,
            IntPredicate show,
            Set<InterfaceKind> interfaces,
            Workload workload,
            Function<SgxEvent.Ioctl, byte[]> reports,
            Allowance allowance) {
        this(driver, epcDescriptor, show, interfaces, workload, reports, Runnable::run, allowance);
    }

    public RemoteSession {
        interfaces = Set.copyOf(interfaces);
    }
}
