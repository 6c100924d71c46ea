package jsgx.host.fleet;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The fleet of one host. */
class EmbeddedFleetStoreTest extends FleetStoreContract {

    @TempDir
    Path folder;

    private TestHost host;

    @BeforeEach
    void start() throws Exception {
        host = TestHost.alone(folder.resolve("alone"));
    }

    @AfterEach
    void stop() throws Exception {
        host.close();
    }

    @Override
    FleetStore store() throws Exception {
        return new EmbeddedFleetStore(
                host.state,
                host.governance,
                new FleetTrail(host.running.platform().id(), host.name, "ab".repeat(32)));
    }

    @Override
    TestHost host() {
        return host;
    }
}
