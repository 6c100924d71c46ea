package jsgx.study.run;

import java.util.function.LongConsumer;
import jsgx.study.cost.Costs;
import jsgx.study.design.Design;
import jsgx.study.simulation.Measured;
import jsgx.study.trace.Trace;

/** What runs one trace under one design: the same result for the same arguments, in whatever thread. */
@FunctionalInterface
public interface Simulation {

    /**
     * Runs it.
     *
     * @param seed of the steps' times
     * @param launched is told now and then, from any thread, that so many more of the trace's launches are done with; of all of them in the end
     */
    Measured run(Trace trace, Design design, Costs costs, long seed, LongConsumer launched);
}
