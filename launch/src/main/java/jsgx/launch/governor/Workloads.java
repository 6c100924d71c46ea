package jsgx.launch.governor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import jsgx.driver.Workload;

/** Whom launches are charged to that a process makes for itself: its uid, as the system knows it. */
public final class Workloads {

    private static final int OWN_UID = own();

    private Workloads() {}

    /** This process's: {@code uid:1000}. */
    public static Workload ofThisProcess() {
        return new Workload("uid:" + OWN_UID);
    }

    private static int own() {
        try {
            return ((Number) Objects.requireNonNull(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))).intValue();
        } catch (IOException e) {
            throw new IllegalStateException("/proc does not tell who runs this process: expected a mounted /proc", e);
        }
    }
}
