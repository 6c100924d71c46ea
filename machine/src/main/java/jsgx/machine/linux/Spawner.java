package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts processes of which the JDK knows nothing: its own reaper would steal the stops of a traced one. A process begins in a few
 * instructions of ours ({@link StartCode}), which wait until a tracer sends them on to the program.
 */
public final class Spawner {

    private static final MethodHandle POSIX_SPAWN = Linux.function(
            "posix_spawn", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle ATTRIBUTES_INIT =
            Linux.function("posix_spawnattr_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ATTRIBUTES_DESTROY =
            Linux.function("posix_spawnattr_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle SET_FLAGS =
            Linux.function("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
    private static final MethodHandle SET_SIGMASK =
            Linux.function("posix_spawnattr_setsigmask", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private static final MethodHandle ACTIONS_INIT =
            Linux.function("posix_spawn_file_actions_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ACTIONS_DESTROY =
            Linux.function("posix_spawn_file_actions_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ADD_DUP2 = Linux.function(
            "posix_spawn_file_actions_adddup2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle SET_SIGDEFAULT =
            Linux.function("posix_spawnattr_setsigdefault", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    /** More than posix_spawnattr_t and sigset_t have. */
    private static final MemoryLayout ROOM = MemoryLayout.sequenceLayout(1024, JAVA_BYTE);

    private static final short POSIX_SPAWN_SETSIGDEF = 4;
    private static final short POSIX_SPAWN_SETSIGMASK = 8;

    /** How the JDK turns names and arguments of this process into bytes and back. */
    private static final Charset NATIVE = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private Spawner() {}

    /**
     * Starts a process in {@link StartCode}: it has the command's standard streams, this process's working directory and ignored signals, no other descriptor and no
     * blocked signal. It ends with the thread that called this.
     *
     * @param command what it is to become; the directory is for whoever traces it to change to
     * @return its process identifier
     */
    public static int start(Command command) throws LinuxException {
        long code = Linux.check("memfd_create", Linux.memfdCreate("jsgx-start"));
        try (Arena arena = Arena.ofConfined()) {
            byte[] elf = StartCode.elf();
            Linux.check(
                    "write",
                    Linux.call(
                            SystemCall.WRITE,
                            code,
                            arena.allocateFrom(JAVA_BYTE, elf).address(),
                            elf.length));
            List<String> all = new ArrayList<>();
            all.add("jsgx");
            all.add(command.path());
            all.addAll(command.arguments());
            List<String> variables = command.environment().entrySet().stream()
                    .map(variable -> variable.getKey() + "=" + variable.getValue())
                    .toList();
            Linux.closeOnExec();
            return spawn(
                    arena, "/proc/self/fd/" + code, strings(arena, all), strings(arena, variables), command.streams());
        } finally {
            Linux.close((int) code);
        }
    }

    private static int spawn(
            Arena arena, String path, MemorySegment arguments, MemorySegment environment, List<Integer> streams)
            throws LinuxException {
        MemorySegment attributes = arena.allocate(ROOM);
        MemorySegment actions = arena.allocate(ROOM);
        MemorySegment pid = arena.allocate(JAVA_INT);
        try {
            check((int) ATTRIBUTES_INIT.invokeExact(attributes));
            check((int) SET_FLAGS.invokeExact(attributes, (short) (POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)));
            check((int) SET_SIGMASK.invokeExact(attributes, arena.allocate(ROOM)));
            check((int) ACTIONS_INIT.invokeExact(actions));
            for (int i = 0; i < streams.size(); i++) {
                check((int) ADD_DUP2.invokeExact(actions, (int) streams.get(i), i));
            }
            MemorySegment defaults = arena.allocate(ROOM);
            defaults.set(JAVA_LONG, 0, IgnoredSignals.now());
            check((int) SET_SIGDEFAULT.invokeExact(attributes, defaults));
            check((int) POSIX_SPAWN.invokeExact(
                    pid, arena.allocateFrom(path), actions, attributes, arguments, environment));
            check((int) ACTIONS_DESTROY.invokeExact(actions));
            check((int) ATTRIBUTES_DESTROY.invokeExact(attributes));
        } catch (LinuxException e) {
            throw e;
        } catch (Throwable t) {
            throw new LinkageError("posix_spawn(3)", t);
        }
        return pid.get(JAVA_INT, 0);
    }

    private static void check(int error) throws LinuxException {
        if (error != 0) {
            throw new LinuxException("start a process", error);
        }
    }

    private static MemorySegment strings(Arena arena, List<String> strings) {
        MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1L);
        for (int i = 0; i < strings.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i), NATIVE));
        }
        return array;
    }
}
