package jsgx.study.run;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jsgx.launch.json.Json;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Design;

/**
 * All that a study's result depends on, and the first line of its file of cells: two studies with the same plan have the same result, to the digit.
 *
 * @param version that of jsgx
 * @param workloads what is run
 * @param designs how tokens are kept
 * @param seeds what each pair of them is run with
 * @param scale how much of each workload is run, 1 being what it says of itself
 * @param costs what each step takes
 */
public record Plan(
        String version, List<Input> workloads, List<Design> designs, List<Long> seeds, double scale, Costs costs) {

    /** The most cells that a study may have. */
    static final int MOST_CELLS = 10_000_000;

    private static final double MOST_SCALE = 1_000_000;
    private static final String FORMAT = "jsgx-study-cells-2";

    /**
     * A workload as the file names it.
     *
     * @param question what it is for
     * @param sha256 over what makes it
     * @param recorded whether it is the same trace for every seed
     * @param notes what could not be taken of what was recorded, or not be checked, for people
     */
    public record Input(String name, String question, String sha256, boolean recorded, List<String> notes) {

        public Input {
            notes = List.copyOf(notes);
        }

        /** As the file of cells has it. */
        private Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", name);
            json.put("question", question);
            json.put("sha256", sha256);
            json.put("recorded", recorded);
            json.put("notes", notes);
            return json;
        }

        private static Input of(Fields fields) throws StudyException {
            return new Input(
                    fields.string("name"),
                    fields.string("question"),
                    fields.string("sha256"),
                    fields.truth("recorded"),
                    fields.strings("notes"));
        }
    }

    public Plan {
        workloads = List.copyOf(workloads);
        designs = List.copyOf(designs);
        seeds = List.copyOf(seeds);
        if (workloads.isEmpty() || designs.isEmpty() || seeds.isEmpty()) {
            throw new IllegalArgumentException("no workloads, no designs or no seeds");
        }
        if (new HashSet<>(designs).size() < designs.size() || new HashSet<>(seeds).size() < seeds.size()) {
            throw new IllegalArgumentException("a design or a seed twice");
        }
        if (!(scale > 0 && scale <= MOST_SCALE)) {
            throw new IllegalArgumentException(
                    "scale %s: expected more than 0 and at most %s".formatted(scale, MOST_SCALE));
        }
        if ((double) workloads.size() * designs.size() * seeds.size() > MOST_CELLS) {
            throw new IllegalArgumentException("more than %s cells".formatted(MOST_CELLS));
        }
        Map<String, Input> names = new HashMap<>();
        for (Input workload : workloads) {
            Input other = names.putIfAbsent(workload.name(), workload);
            if (other != null) {
                // An export has no name in it, and goes by its file's.
                throw new IllegalArgumentException("two workloads are named \"%s\": %s"
                        .formatted(
                                workload.name(),
                                workload.recorded() || other.recorded()
                                        ? "rename one of the files, or, where the name stands in its first line, change it there"
                                        : "give one of them another name in its file"));
            }
        }
    }

    /** How many cells it has. */
    public int size() {
        return workloads.size() * seeds.size() * designs.size();
    }

    /** A cell: those of one trace follow each other, so that it is made once and forgotten early. */
    public Cell cell(int index) {
        int design = index % designs.size();
        int rest = index / designs.size();
        return new Cell(index, rest / seeds.size(), designs.get(design), seeds.get(rest % seeds.size()));
    }

    /** A cell in words, for people. */
    public String describe(int index) {
        Cell cell = cell(index);
        Design design = cell.design();
        return "%s (%s, %s, scheme %s, %s bytes, charging %s, knowledge %s, seed %s)"
                .formatted(
                        index,
                        workloads.get(cell.workload()).name(),
                        design.placement().id(),
                        Grid.scheme(design),
                        design.limitBytes(),
                        design.charging(),
                        design.knowledge(),
                        cell.seed());
    }

    /** The first line of its file of cells, without the line's end. */
    String line() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", version);
        json.put("cells", size());
        json.put("scale", String.valueOf(scale));
        json.put("seeds", seeds);
        json.put("workloads", workloads.stream().map(Input::json).toList());
        json.put("designs", designs.stream().map(Grid::json).toList());
        json.put("costs", json(costs));
        return Json.line(json);
    }

    /** Costs as documents have them. */
    public static Map<String, Object> json(Costs costs) {
        Map<String, Object> nanos = new LinkedHashMap<>();
        for (Step step : Step.values()) {
            List<Long> times = new ArrayList<>();
            for (long time : costs.times(step)) {
                times.add(time);
            }
            nanos.put(step.toString(), times);
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", costs.machine());
        json.put("nanos", nanos);
        if (!costs.spread().isEmpty()) {
            Map<String, Object> spread = new LinkedHashMap<>();
            for (Step step : Step.values()) {
                Double measured = costs.spread().get(step);
                if (measured != null) {
                    spread.put(step.toString(), measured);
                }
            }
            json.put("spread", spread);
        }
        return json;
    }

    /**
     * The plan that a first line states.
     *
     * @throws StudyException where it states none that this version can have written
     */
    static Plan of(String line) throws StudyException {
        Fields fields = Fields.of(line);
        if (!FORMAT.equals(fields.object().get("format"))) {
            throw fields.wrong("format", FORMAT);
        }
        List<Input> inputs = new ArrayList<>();
        for (Fields workload : fields.list("workloads")) {
            inputs.add(Input.of(workload));
        }
        Plan plan;
        try {
            List<Design> designs = new ArrayList<>();
            for (Fields design : fields.list("designs")) {
                designs.add(Grid.design(design));
            }
            plan = new Plan(
                    fields.string("version"),
                    inputs,
                    designs,
                    fields.counts("seeds"),
                    Double.parseDouble(fields.string("scale")),
                    costs(fields.fields("costs")));
        } catch (IllegalArgumentException e) {
            throw new StudyException("no plan of a study: " + e.getMessage());
        }
        if (!plan.line().equals(line)) {
            throw new StudyException("not what this version of jsgx writes as the first line of a study's cells");
        }
        return plan;
    }

    private static Costs costs(Fields fields) throws StudyException {
        Map<Step, long[]> nanos = new EnumMap<>(Step.class);
        Fields times = fields.fields("nanos");
        for (Step step : Step.values()) {
            nanos.put(
                    step,
                    times.counts(step.toString()).stream()
                            .mapToLong(Long::longValue)
                            .toArray());
        }
        Map<Step, Double> spread = new EnumMap<>(Step.class);
        if (fields.object().get("spread") instanceof Map<?, ?> measured) {
            for (Step step : Step.values()) {
                if (measured.get(step.toString()) instanceof Number number) {
                    spread.put(step, number.doubleValue());
                }
            }
        }
        // Whatever else stands there is not what the plan's own line has.
        return new Costs(fields.string("machine"), nanos, spread);
    }

    /** What of two plans differs first, for people. */
    String difference(Plan other) {
        if (!version.equals(other.version)) {
            return "version %s, and %s".formatted(version, other.version);
        }
        if (!workloads.equals(other.workloads)) {
            return "other workloads: %s, and %s".formatted(names(), other.names());
        }
        if (!designs.equals(other.designs)) {
            return "other designs: %s, and %s".formatted(designs.size(), other.designs.size());
        }
        if (!seeds.equals(other.seeds)) {
            return "other seeds: %s, and %s".formatted(seeds, other.seeds);
        }
        if (scale != other.scale) {
            return "scale %s, and %s".formatted(scale, other.scale);
        }
        return "other costs: of %s, and of %s".formatted(costs.machine(), other.costs.machine());
    }

    private List<String> names() {
        return workloads.stream().map(Input::name).toList();
    }
}
