package jsgx.study.complexity;

import java.util.List;
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
     * @param uncharged files in which something is there for it beside what is there for all: charged to nobody, since a file is counted whole or not at all
     */
    record Roots(
            List<String> packages,
            List<String> files,
            List<String> commands,
            String configuration,
            List<String> reasons,
            List<String> uncharged) {}

    /** Where everything begins that is not there for a placement: the library's calls, a state folder's parts, virtual machines. */
    static final List<String> ENTRIES =
            List.of("jsgx/launch/Launcher", "jsgx/launch/Governance", "jsgx/launch/guest/Guest");

    /**
     * The kernel's cache with its schemes, what a token is found by in it, and how an administrator sets it up: without a cache there is nothing to set up. How a launch uses it
     * stands in one file with how a kernel asks without one.
     */
    private static final Roots KERNEL = new Roots(
            List.of("jsgx/launch/cache"),
            List.of(
                    "jsgx/launch/governor/CacheControl",
                    "jsgx/launch/governor/CacheSettings",
                    "jsgx/launch/token/KeyGenerations",
                    "jsgx/launch/token/TokenKey"),
            List.of("HostCacheCommand"),
            "cache",
            List.of(),
            List.of("jsgx/launch/governor/KernelTokens"));

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
            List.of("jsgx/launch/store/ReissueReason"),
            List.of());

    private Placements() {}

    /**
     * What is counted: a placement, or one with less in it than it has here.
     *
     * @param name of what it is without; empty for the whole placement
     * @param without files that are not there
     * @param settings that are not there, without those files
     */
    record Counted(Placement placement, String name, List<Roots> roots, Set<String> without, Set<String> settings) {

        private static Counted whole(Placement placement, Roots... roots) {
            return new Counted(placement, "", List.of(roots), Set.of(), Set.of());
        }

        /** What its lines in the resource begin with. */
        String key() {
            return name.isEmpty() ? placement.id() : placement.id() + "-" + name.replace(' ', '-');
        }
    }

    /** All schemes but the least recently used: a kernel needs one, and has several here so that they can be compared. */
    private static final Set<String> OTHER_SCHEMES = Set.of(
            "jsgx/launch/cache/Lfu",
            "jsgx/launch/cache/WTinyLfu",
            "jsgx/launch/cache/Fifo",
            "jsgx/launch/cache/S3Fifo",
            "jsgx/launch/cache/Sieve",
            "jsgx/launch/cache/GreedyDual");

    /** The placements: {@code both} has the roots of the two, and {@code none} has none. */
    static List<Counted> all() {
        return List.of(
                Counted.whole(Placement.NONE),
                Counted.whole(Placement.KERNEL, KERNEL),
                new Counted(Placement.KERNEL, "one scheme", List.of(KERNEL), OTHER_SCHEMES, Set.of("scheme")),
                Counted.whole(Placement.USER, USER),
                Counted.whole(Placement.BOTH, KERNEL, USER));
    }

    /** Options of a command that say which token or whose is meant, or ask for an act, and set nothing that stays. */
    static final Set<String> NO_SETTINGS = Set.of("--workload", "--reset", "--flush", "LABEL");
}
