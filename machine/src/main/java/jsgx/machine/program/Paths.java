package jsgx.machine.program;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Predicate;
import jsgx.machine.linux.Linux;

/**
 * How a thread of the program names files: paths are walked as the kernel walks them for it, from its own root and working directory, through
 * symbolic links and through /proc/self. Nothing is opened. Whatever the walk says, another thread may change before the kernel walks
 * itself.
 */
final class Paths {

    private static final int MAX_LINKS = 40;
    private static final String SELF = "/proc/self";
    private static final String THREAD_SELF = "/proc/thread-self";

    private final int pid;
    private final int tid;
    private final Predicate<String> isDevice;
    private final Predicate<String> isForbidden;

    /**
     * Where a walk ended.
     *
     * @param path the path without links, dots and double slashes, as the thread sees it; its last component need not exist. Or what a link of
     *     /proc says that is no path ({@code pipe:[12]})
     * @param beyond whether a device stands where a folder would have to be
     */
    record Place(String path, boolean beyond) {}

    Paths(int pid, int tid, Predicate<String> isDevice, Predicate<String> isForbidden) {
        this.pid = pid;
        this.tid = tid;
        this.isDevice = isDevice;
        this.isForbidden = isForbidden;
    }

    /**
     * Walks a path.
     *
     * @param folder the descriptor from which a relative path starts, or AT_FDCWD
     * @param follow whether a link at the end is followed
     * @return empty where the kernel would not get to the end either
     */
    Optional<Place> walk(int folder, String path, boolean follow) {
        String root = link("/root").orElse("/");
        StringBuilder at = new StringBuilder();
        if (!path.startsWith("/")) {
            Optional<String> start = folder == Linux.AT_FDCWD ? link("/cwd") : link("/fd/" + folder);
            if (start.isEmpty() || !start.get().startsWith("/")) {
                return Optional.empty();
            }
            at.append(inRoot(start.get(), root));
        }
        Deque<String> rest = new ArrayDeque<>();
        push(rest, path);
        int links = 0;
        while (!rest.isEmpty()) {
            String name = rest.removeFirst();
            if (isDevice.test(at.toString())) {
                return Optional.of(new Place(at.toString(), true));
            }
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                at.setLength(Math.max(0, at.lastIndexOf("/")));
                continue;
            }
            String here = at + "/" + name;
            // A slash at the end makes the kernel follow a link there.
            boolean last = rest.isEmpty();
            Optional<String> target = !last || follow ? target(here) : Optional.empty();
            if (target.isEmpty()) {
                at.append('/').append(name);
                continue;
            }
            if (isForbidden.test(here)) {
                return Optional.of(new Place(here, false));
            }
            if (++links > MAX_LINKS) {
                return Optional.empty();
            }
            if (target.get().startsWith("/")) {
                at.setLength(0);
                push(rest, here.startsWith("/proc/") ? inRoot(target.get(), root) : target.get());
            } else if (here.startsWith("/proc/") && target.get().contains(":[")) {
                return last ? Optional.of(new Place(target.get(), false)) : Optional.empty();
            } else {
                push(rest, target.get());
            }
        }
        return Optional.of(new Place(at.isEmpty() ? "/" : at.toString(), false));
    }

    /** Whether there is a link at the end of a path; a quick look that does not walk. */
    boolean endsInLink(int folder, String path) {
        String start = path.startsWith("/") ? "/root" : folder == Linux.AT_FDCWD ? "/cwd/" : "/fd/" + folder + "/";
        return link(start + path).isPresent();
    }

    /** Where a place is for this process, whose root may be another one. */
    String outside(Place place) {
        String root = link("/root").orElse("/");
        return root.equals("/") ? place.path() : root + place.path();
    }

    private Optional<String> target(String path) {
        if (path.equals(SELF)) {
            return Optional.of(Integer.toString(pid));
        }
        if (path.equals(THREAD_SELF)) {
            return Optional.of(pid + "/task/" + tid);
        }
        return link("/root" + path);
    }

    private Optional<String> link(String name) {
        return Linux.readLink("/proc/" + tid + name);
    }

    private static String inRoot(String path, String root) {
        if (root.equals("/") || !path.startsWith(root)) {
            return path.equals("/") ? "" : path;
        }
        return path.substring(root.length());
    }

    /** Puts a path's components before those that are left. One that ends in a slash has an empty one at its end. */
    private static void push(Deque<String> rest, String path) {
        String[] names = path.split("/+", -1);
        for (int i = names.length - 1; i >= 0; i--) {
            if (i > 0 || !names[i].isEmpty()) {
                rest.addFirst(names[i]);
            }
        }
    }
}
