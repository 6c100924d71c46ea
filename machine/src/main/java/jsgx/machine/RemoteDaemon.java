package jsgx.machine;

import java.util.List;
import jsgx.machine.remote.RunRequest;

/** A daemon whose processor a run is to use. */
@FunctionalInterface
public interface RemoteDaemon {

    /**
     * What a daemon gave for a run.
     *
     * @param welcome what its {@link jsgx.machine.remote.RemoteServer} said
     * @param descriptors what came with that; whoever runs the program closes them
     */
    record Given(byte[] welcome, List<Integer> descriptors) {}

    /** Asks for a run; the connection stays open as long as the run goes on. */
    Given ask(RunRequest request) throws MachineException;

    /** Why the daemon has ended the run, as it said on the connection; empty where it said nothing. */
    default String farewell() {
        return "";
    }
}
