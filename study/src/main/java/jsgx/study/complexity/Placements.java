package jsgx.study.complexity;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.launch.governor.Placement;

/**
 * What the count of complexity begins with: which files of {@code launch} are there for the sake of one placement, and where all else begins. Everything else
 * follows from which file names which.
 */
final class Placements {

    /**
     * What stands for a placement.
     *
     * @param packages packages of {@code launch} that are there for it
     * @param files single files that are
     * @param commands files of {@code cli} whose options are settings of it
     * @param configuration what the names of its settings in the daemon's configuration begin with; empty for none
     * @param reasons files that word reasons for which it does not do what was asked
     */
    record Roots(
            List<String> packages,
            List<String> files,
            List<String> commands,
            String configuration,
            List<String> reasons) {}

    /** Where everything begins that is not there for a placement: the library's calls, a state folder's parts, virtual machines. */
    static final List<String> ENTRIES =
            List.of("jsgx/launch/Launcher", "jsgx/launch/Governance", "jsgx/launch/guest/Guest");

    /** The kernel's cache with its schemes, and how an administrator sets it up: without a cache there is nothing to set up. */
    private static final Roots KERNEL = new Roots(
            List.of("jsgx/launch/cache"),
            List.of("jsgx/launch/governor/CacheControl", "jsgx/launch/governor/CacheSettings"),
            List.of("HostCacheCommand"),
            "cache",
            List.of());

    /**
     * The user's store and the cache in front of it; the part of a launch that user space plays when it brings the token; and the issue of a
     * token to user space, with its record. Without tokens in user space, as in the v5 series, none of these is there. The socket that a daemon issues tokens
     * over is not counted: a token may as well come back from the call, as in the thread.
     */
    private static final Roots USER = new Roots(
            List.of("jsgx/launch/store"),
            List.of("jsgx/launch/UserSpace", "jsgx/launch/governor/IssuedToken", "jsgx/launch/governor/TokenFlight"),
            List.of(
                    "StoreOptions",
                    "TokenPinCommand",
                    "TokenExpireCommand",
                    "TokenBudgetCommand",
                    "TokenDiscardCommand"),
            "",
            List.of("jsgx/launch/store/ReissueReason"));

    private Placements() {}

    /** The roots of each placement: {@code both} has those of the two, and {@code none} has none. */
    static Map<Placement, List<Roots>> all() {
        Map<Placement, List<Roots>> roots = new EnumMap<>(Placement.class);
        roots.put(Placement.NONE, List.of());
        roots.put(Placement.KERNEL, List.of(KERNEL));
        roots.put(Placement.USER, List.of(USER));
        roots.put(Placement.BOTH, List.of(KERNEL, USER));
        return roots;
    }

    /** Options of a command that say which token or whose is meant, or ask for an act, and set nothing that stays. */
    static final Set<String> NO_SETTINGS = Set.of("--workload", "--reset", "--flush", "LABEL");
}
