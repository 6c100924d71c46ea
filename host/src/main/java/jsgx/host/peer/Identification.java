package jsgx.host.peer;

import java.io.IOException;
import jsgx.host.service.HostException;
import jsgx.machine.linux.UnixConnection;

/** Who tells whom a connection is charged to: {@link Peers#identify}. */
@FunctionalInterface
public interface Identification {

    /** @throws HostException where that cannot be told */
    Peer identify(UnixConnection connection) throws IOException, HostException;
}
