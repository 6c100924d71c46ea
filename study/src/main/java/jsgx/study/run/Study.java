package jsgx.study.run;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import jsgx.study.trace.Trace;
import org.jspecify.annotations.Nullable;

/**
 * A study that runs: every cell of its plan, or of a shard of it, on some threads. What a cell comes to depends on the plan alone: a cell has random
 * generators of its own, and comes to the same on one thread and, as those of large traces do, on the common pool's.
 */
public final class Study {

    private final Plan plan;
    private final List<LongFunction<Trace>> workloads;
    private final Simulation simulation;
    private volatile boolean stopped;

    /**
     * A study.
     *
     * @param workloads for each of the plan's its trace for a seed, the same whenever it is asked
     */
    public Study(Plan plan, List<LongFunction<Trace>> workloads, Simulation simulation) {
        if (workloads.size() != plan.workloads().size()) {
            throw new IllegalArgumentException("not as many workloads as the plan has");
        }
        this.plan = plan;
        this.workloads = List.copyOf(workloads);
        this.simulation = simulation;
    }

    /** Who is told how a study comes along, from any of its threads. */
    public interface Progress {

        /** A cell has begun, of so many launches. */
        void began(long launches);

        /** So many more launches of the cells that have begun are done with. */
        void launched(long launches);

        /** One more cell has finished. */
        void finished(CellResult result);
    }

    /** A trace that the cells of some index share, until the last of them has taken it. */
    private record Shared(FutureTask<Traced> making, AtomicInteger users) {}

    private record Traced(Trace trace, TraceFacts facts) {}

    /** The cells of a shard that have not finished. */
    public List<Cell> remaining(Cells cells, Shard shard) {
        return IntStream.range(0, plan.size())
                .filter(index -> !cells.has(index))
                .mapToObj(plan::cell)
                .filter(shard::has)
                .toList();
    }

    /** Has the threads end; cells that have begun are forgotten. {@link #run} then returns at once. */
    public void stop() {
        stopped = true;
        synchronized (this) {
            notifyAll();
        }
    }

    /**
     * Runs what has not finished of a shard.
     *
     * @return whether all of it has finished now; false where it was stopped
     * @throws StudyException where a result could not be kept
     */
    public boolean run(Cells cells, Shard shard, int threads, Progress progress)
            throws StudyException, IOException, InterruptedException {
        List<Cell> todo = remaining(cells, shard);
        Run run = new Run(cells, todo, progress);
        int needed = Math.min(threads, todo.size());
        run.alive.set(needed);
        for (int i = 0; i < needed; i++) {
            // A thread that is in the middle of a long cell must not keep a process alive whose user has had enough.
            Thread.ofPlatform().daemon().name("study-" + i).start(run);
        }
        synchronized (this) {
            while (run.alive.get() > 0 && !stopped && run.failure.get() == null) {
                wait();
            }
        }
        Throwable failure = run.failure.get();
        switch (failure) {
            case null -> {}
            case StudyException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
        if (run.kept.get() < todo.size()) {
            return false;
        }
        cells.sort();
        return true;
    }

    /** What the threads share. */
    private final class Run implements Runnable {
        private final Cells cells;
        private final List<Cell> todo;
        private final Progress progress;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger kept = new AtomicInteger();
        private final AtomicInteger alive = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final Map<Integer, Shared> traces = new HashMap<>();

        Run(Cells cells, List<Cell> todo, Progress progress) {
            this.cells = cells;
            this.todo = todo;
            this.progress = progress;
            for (Cell cell : todo) {
                traces.computeIfAbsent(traceOf(cell), key -> new Shared(making(cell), new AtomicInteger()))
                        .users()
                        .incrementAndGet();
            }
        }

        private FutureTask<Traced> making(Cell cell) {
            return new FutureTask<>(() -> {
                Trace trace = workloads.get(cell.workload()).apply(cell.seed());
                return new Traced(trace, TraceFacts.of(trace));
            });
        }

        private int traceOf(Cell cell) {
            return cell.index() / plan.designs().size();
        }

        @Override
        public void run() {
            try {
                for (int i = next.getAndIncrement(); i < todo.size() && goesOn(); i = next.getAndIncrement()) {
                    run(todo.get(i));
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            } finally {
                alive.decrementAndGet();
                synchronized (Study.this) {
                    Study.this.notifyAll();
                }
            }
        }

        private boolean goesOn() {
            return !stopped && failure.get() == null;
        }

        private void run(Cell cell) throws StudyException, InterruptedException {
            Traced traced = trace(cell);
            progress.began(traced.facts().launches());
            CellResult result = new CellResult(
                    cell,
                    plan.workloads().get(cell.workload()).name(),
                    traced.facts(),
                    simulation.run(traced.trace(), cell.design(), plan.costs(), cell.seed(), progress::launched));
            if (!goesOn()) {
                return;
            }
            cells.add(result);
            kept.incrementAndGet();
            progress.finished(result);
        }

        private Traced trace(Cell cell) throws StudyException, InterruptedException {
            Shared shared;
            synchronized (traces) {
                shared = traces.get(traceOf(cell));
                if (shared == null) {
                    throw new IllegalStateException("each cell takes its trace once");
                }
                if (shared.users().decrementAndGet() == 0) {
                    traces.remove(traceOf(cell));
                }
            }
            shared.making().run();
            try {
                return shared.making().get();
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case IllegalArgumentException cause ->
                        throw new StudyException("workload %s: %s"
                                .formatted(plan.workloads().get(cell.workload()).name(), cause.getMessage()));
                    case RuntimeException cause -> throw cause;
                    case Error cause -> throw cause;
                    case null, default -> throw new IllegalStateException(e);
                }
            }
        }
    }
}
