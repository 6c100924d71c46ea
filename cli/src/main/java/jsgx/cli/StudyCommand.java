package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.calibration.Calibration;
import jsgx.study.calibration.CostsException;
import jsgx.study.calibration.CostsFile;
import jsgx.study.cost.Costs;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.run.Cells;
import jsgx.study.run.Grid;
import jsgx.study.run.Plan;
import jsgx.study.run.Shard;
import jsgx.study.run.Study;
import jsgx.study.run.StudyException;
import jsgx.study.simulation.Simulator;
import jsgx.study.trace.Trace;
import jsgx.study.workload.Workload;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx study}. */
@Command(
        name = "study",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = {"jsgx study [--quick] [--out FOLDER] [OPTION...]", "       jsgx study COMMAND [OPTION...]"},
        description = {
            "Run designs of token caches under recorded and generated workloads, with launch control's own code in virtual time, and",
            "say which was better at what. Without options: every design under every workload that comes with jsgx. docs/study.md",
            "describes what is measured, what is modelled, and the files."
        },
        commandListHeading = "%nCommands:%n",
        footerHeading =
                "%nInterrupted, it keeps the cells that have finished in FOLDER; the same command goes on from there.%n%nExamples:%n",
        footer = {
            "  jsgx study --quick",
            "  jsgx study --out result",
            "  jsgx study --workload audit.jsonl --limit 1MiB,8MiB --out result",
            "  jsgx study --shard 2/8 --costs costs.json --out shard-2"
        })
final class StudyCommand extends Subcommand {

    private static final int INTERRUPTED = 128 + 2;

    /** The signals by which a user, a service manager or a scheduler ends a run, and what a shell tells of a process that they ended. */
    private static final Map<String, Integer> SIGNALS = Map.of("INT", INTERRUPTED, "TERM", 128 + 15);

    private static final List<Long> LIMITS = List.of(16L << 10, 64L << 10, 256L << 10, 1L << 20, 4L << 20);
    private static final List<Long> QUICK_LIMITS = List.of(64L << 10, 1L << 20);
    private static final int SEEDS = 5;
    private static final int QUICK_SEEDS = 3;
    private static final double QUICK_SCALE = 0.004;
    private static final int MOST_SEEDS = 1000;
    private static final int MOST_THREADS = 1024;
    private static final long LARGEST_LIMIT = 1L << 40;

    @Option(order = 1, names = "--quick", description = "A small version of all of it, in less than half a minute.")
    private boolean quick;

    @Option(
            order = 2,
            names = "--workload",
            paramLabel = "W",
            split = ",",
            description =
                    "A workload's name (jsgx study workloads), a file of parameters, a trace, an audit export, or - for standard input.")
    private List<String> workloads = new ArrayList<>();

    @Option(
            order = 3,
            names = "--placement",
            paramLabel = "P",
            split = ",",
            converter = StudyChoices.Placements.class,
            description = "none, kernel, user, both.")
    private List<Placement> placements = new ArrayList<>();

    @Option(
            order = 4,
            names = "--scheme",
            paramLabel = "S",
            split = ",",
            converter = StudyChoices.Schemes.class,
            description = "Eviction schemes: lru, lfu, w-tinylfu, fifo, s3-fifo, sieve, cost-aware.")
    private List<Scheme> schemes = new ArrayList<>();

    @Option(
            order = 5,
            names = "--limit",
            paramLabel = "SIZE",
            split = ",",
            converter = Sizes.Bytes.class,
            description = "What all places of a design hold together; 16KiB,64KiB,256KiB,1MiB,4MiB.")
    private List<Long> limits = new ArrayList<>();

    @Option(
            order = 6,
            names = "--charging",
            paramLabel = "RULE",
            split = ",",
            converter = StudyChoices.Chargings.class,
            description = "How a kernel's cache is divided: shared, floors, ceilings.")
    private List<Charging> chargings = new ArrayList<>();

    @Option(
            order = 7,
            names = "--knowledge",
            paramLabel = "K",
            split = ",",
            converter = StudyChoices.Knowledges.class,
            description = "What user space knows of its tokens: none, last-launch.")
    private List<Knowledge> knowledges = new ArrayList<>();

    @Option(order = 8, names = "--seeds", paramLabel = "N", description = "Run each with the seeds 1 to N; 5.")
    private int seeds;

    @Option(
            order = 9,
            names = "--scale",
            paramLabel = "X",
            description = "How much of each workload, 1 being what it says of itself; 1.")
    private double scale;

    @Option(
            order = 10,
            names = "--costs",
            paramLabel = "FILE",
            description = "What steps cost, of jsgx study calibrate; measured first where there is none.")
    private @Nullable String costs;

    @Option(
            order = 11,
            names = "--out",
            paramLabel = "FOLDER",
            description = "Write cells.jsonl as cells finish, and report.html, report.json and report.csv.")
    private @Nullable String out;

    @Option(
            order = 12,
            names = "--shard",
            paramLabel = "I/N",
            description = "Run one of N parts, for jsgx study merge to put together.")
    private @Nullable String shard;

    @Option(
            order = 13,
            names = "--threads",
            paramLabel = "N",
            description = "Run so many cells at once; as many as there are processors. A large trace uses all of them.")
    private int threads;

    private volatile int signalled = INTERRUPTED;

    @Spec
    private CommandSpec spec;

    StudyCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        check();
        try {
            return study();
        } catch (StudyException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return signalled;
        }
    }

    private int study() throws BadInput, StudyException, LaunchException, IOException, InterruptedException {
        Shard part = shard == null ? Shard.WHOLE : Shard.parse(shard);
        @Nullable Path folder = out == null ? null : surroundings.file(out);
        List<Workload> what = StudyWorkloads.of(workloads, surroundings);
        List<Design> designs = designs();
        if (!json()) {
            what.forEach(workload -> StudyWorkloads.showNotes(workload, surroundings));
        }
        Plan plan = plan(what, designs, folder);
        try (Cells cells = folder == null ? Cells.inMemory(plan) : Cells.in(folder, plan)) {
            boolean finished = run(plan, what, cells, part);
            StudyOutput output = new StudyOutput(surroundings, cells);
            if (folder != null) {
                output.write(folder);
            }
            if (json()) {
                print(output.json());
            } else {
                output.show(screen(), out);
            }
            if (!finished) {
                surroundings
                        .err()
                        .println("jsgx: interrupted after %s of %s cells%s"
                                .formatted(
                                        cells.results().size(),
                                        plan.size(),
                                        folder == null ? "" : "; the same command goes on from there"));
                return signalled;
            }
            return ExitStatus.DONE;
        }
    }

    private boolean run(Plan plan, List<Workload> what, Cells cells, Shard part)
            throws StudyException, IOException, InterruptedException {
        List<LongFunction<Trace>> traces = new ArrayList<>();
        for (Workload workload : what) {
            traces.add(seed -> workload.trace(seed, plan.scale()));
        }
        Study study = new Study(plan, traces, Simulator::run);
        SIGNALS.forEach((name, status) -> ProcessSignals.handle(name, () -> {
            signalled = status;
            study.stop();
        }));
        int processors = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        StudyProgress progress = new StudyProgress(study.remaining(cells, part).size());
        try (StudyTicker _ = new StudyTicker(surroundings, progress::line)) {
            return study.run(cells, part, processors, progress);
        }
    }

    private void check() {
        limits(seeds, MOST_SEEDS, "--seeds");
        limits(threads, MOST_THREADS, "--threads");
        if (spec.commandLine().getParseResult().hasMatchedOption("--scale") && !(scale > 0)) {
            throw new ParameterException(spec.commandLine(), "--scale %s: expected more than 0".formatted(scale));
        }
        for (long limit : limits) {
            if (limit < EinitToken.SIZE || limit > LARGEST_LIMIT) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--limit %s: expected at least the %s bytes of a token and at most 1TiB; --placement none keeps nothing"
                                .formatted(limit, EinitToken.SIZE));
            }
        }
    }

    private void limits(int number, int most, String option) {
        boolean given = spec.commandLine().getParseResult().hasMatchedOption(option);
        if (given && (number < 1 || number > most)) {
            throw new ParameterException(spec.commandLine(), "%s %s: expected 1 to %s".formatted(option, number, most));
        }
    }

    private List<Design> designs() {
        Grid all = Grid.all(limits.isEmpty() ? quick ? QUICK_LIMITS : LIMITS : limits);
        List<Design> designs = new Grid(
                        placements.isEmpty() ? all.placements() : placements,
                        schemes.isEmpty() ? all.schemes() : schemes,
                        all.limits(),
                        chargings.isEmpty() ? all.chargings() : chargings,
                        knowledges.isEmpty() ? all.knowledges() : knowledges)
                .designs();
        return quick ? designs.stream().filter(this::isForQuick).toList() : designs;
    }

    /** Whatever nobody asked for, charging rules and knowledge, is looked at where nothing else differs. */
    private boolean isForQuick(Design design) {
        boolean rule = !chargings.isEmpty()
                || !design.placement().inKernel()
                || design.charging() == Charging.SHARED
                || design.scheme() == Scheme.W_TINY_LFU;
        boolean known =
                !knowledges.isEmpty() || design.placement() != Placement.BOTH || design.knowledge() == Knowledge.NONE;
        return rule && known;
    }

    private Plan plan(List<Workload> what, List<Design> designs, @Nullable Path folder)
            throws BadInput, StudyException, LaunchException, IOException {
        List<Plan.Input> inputs = new ArrayList<>();
        for (Workload workload : what) {
            inputs.add(StudyWorkloads.input(workload));
        }
        int number = seeds > 0 ? seeds : quick ? QUICK_SEEDS : SEEDS;
        try {
            return new Plan(
                    RootCommand.version(),
                    inputs,
                    designs,
                    LongStream.rangeClosed(1, number).boxed().toList(),
                    scale > 0 ? scale : quick ? QUICK_SCALE : 1,
                    costs(folder));
        } catch (IllegalArgumentException e) {
            throw new BadInput("this study cannot be run: " + e.getMessage());
        }
    }

    /** Those of the file; else those with which a study was begun in the folder; else measured now. */
    private Costs costs(@Nullable Path folder) throws BadInput, StudyException, LaunchException, IOException {
        if (costs != null) {
            try {
                return CostsFile.read(surroundings.file(costs)).costs();
            } catch (CostsException e) {
                throw new BadInput(String.valueOf(e.getMessage()));
            }
        }
        @Nullable Plan begun = folder == null ? null : Cells.begunIn(folder);
        if (begun != null) {
            return begun.costs();
        }
        if (shard != null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--shard goes with --costs, as shards of other costs are of different studies: first  jsgx study calibrate --out costs.json");
        }
        return measure(quick ? Calibration.quick() : Calibration.full(), surroundings)
                .costs();
    }

    /** Measures, and shows that it does. */
    static CostsFile measure(Calibration calibration, Surroundings surroundings) throws LaunchException, IOException {
        AtomicReference<String> step = new AtomicReference<>("");
        try (StudyTicker _ = new StudyTicker(
                surroundings,
                nanos -> "study: measuring what steps cost: %s, %s gone"
                        .formatted(step.get(), StudyTicker.span(nanos / 1e9)))) {
            return calibration.withProgress(step::set).measure();
        }
    }
}
