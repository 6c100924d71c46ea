package jsgx.machine.fast;

import jsgx.machine.task.Agent;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/** A thread of the program for whoever serves it. */
interface Served {

    SystemCallAnswer systemCall(long number, long[] arguments);

    FaultAnswer fault(SignalInfo signal);

    void signal(int number);

    void evicted();

    Served cloned(Task child, long flags, Agent agentOfChildSpace);

    void execed(Agent agent);

    void exited(int status);
}
