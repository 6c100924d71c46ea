package jsgx.study.trace;

import java.util.List;
import jsgx.launch.token.TokenIdentity;

/**
 * What happened on some hosts, in order of time: columns of numbers, so that ten million launches fit in memory.
 *
 * <p>A <i>workload</i> (a user's application, or what runs in a guest) runs on a <i>machine</i>, which is a kernel: a host's or a guest's. A machine
 * runs on a <i>package</i>, the processor whose fuses enter the launch key. An <i>enclave</i> is an identity that a token is for.
 */
public interface Trace {

    /** The workload file's name for it, or the recorded file's. */
    String name();

    /** How many events there are. */
    int size();

    /** When an event happened, in microseconds since the trace began; never less than the event before. */
    long micros(int event);

    Event event(int event);

    /** Number of the workload, machine or package that {@link Event} names as the subject; 0 where it names none. */
    int subject(int event);

    /** Number of the enclave or package that {@link Event} names as the object; 0 where it names none. */
    int object(int event);

    /** The names of the workloads; a workload's number is its place. */
    List<String> workloads();

    /** The machine of a workload. */
    int machine(int workload);

    /** Whether a workload is there to harm the others, so that its own slowdown is nobody's question. Of what is recorded nobody knows. */
    boolean attacks(int workload);

    /** The names of the machines. */
    List<String> machines();

    /** The package that a machine begins on. */
    int processor(int machine);

    /** How many packages there are. */
    int processors();

    /** How many enclaves there are. */
    int enclaves();

    /** What a token for this enclave is for. */
    TokenIdentity identity(int enclave);
}
