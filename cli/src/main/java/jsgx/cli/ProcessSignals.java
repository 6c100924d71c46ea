package jsgx.cli;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The signals that this process gets. The JDK has no other way to hear of them than {@code sun.misc.Signal}, which JEP 260 keeps for want of a
 * replacement; the compiler warns of it whatever it is told, so that it is called by reflection.
 */
final class ProcessSignals {

    private ProcessSignals() {}

    /**
     * Has something done at each signal of a name, in a thread of its own, in place of what the JVM does.
     *
     * @param name the signal's, such as {@code TERM}
     */
    static void handle(String name, Runnable act) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle run = MethodHandles.publicLookup()
                    .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                    .bindTo(act);
            Object handling =
                    MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.dropArguments(run, 0, signal));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), handling);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("this JDK tells of no signals", e);
        }
    }
}
