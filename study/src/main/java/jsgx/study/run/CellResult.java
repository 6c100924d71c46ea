package jsgx.study.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jsgx.launch.json.Json;
import jsgx.study.simulation.Measured;
import jsgx.study.simulation.Measured.Kind;
import jsgx.study.simulation.Measured.Latency;
import jsgx.study.simulation.Measured.Owner;

/**
 * What one cell came to.
 *
 * @param workload its name
 * @param trace what was run
 */
public record CellResult(Cell cell, String workload, TraceFacts trace, Measured measured) {

    /** A line has whole numbers only: what was just measured and what was read of a file are the same. */
    public CellResult {
        measured = whole(measured);
    }

    private static Measured whole(Measured measured) {
        Latency latency = measured.latency();
        return new Measured(
                measured.launches(),
                measured.hits(),
                measured.optimalHits(),
                measured.launchEnclaveCalls(),
                measured.joins(),
                measured.reissues(),
                measured.evictions(),
                new Latency(
                        latency.p50(),
                        latency.p90(),
                        latency.p99(),
                        latency.p999(),
                        latency.max(),
                        Math.round(latency.mean())),
                measured.owners().stream().map(CellResult::whole).toList(),
                measured.rebootCalls(),
                measured.rebootNanos(),
                measured.reboots(),
                measured.revokeNanos(),
                measured.purgeNanos(),
                measured.ungoverned());
    }

    private static Owner whole(Owner owner) {
        return new Owner(
                owner.kind(),
                owner.name(),
                owner.launches(),
                owner.hits(),
                owner.peakBytes(),
                Math.round(owner.meanNanos()),
                Math.round(owner.aloneMeanNanos()));
    }

    /** Its line in a file of cells, without the line's end: all numbers in it are whole. */
    String line() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("cell", cell.index());
        json.put("workload", workload);
        Grid.json(cell.design()).forEach(json::put);
        json.put("seed", cell.seed());
        json.put("trace", trace.json());
        json.put("launches", measured.launches());
        json.put("hits", measured.hits());
        json.put("optimalHits", measured.optimalHits());
        json.put("leCalls", measured.launchEnclaveCalls());
        json.put("joins", measured.joins());
        json.put("reissues", measured.reissues());
        json.put("evictions", measured.evictions());
        Latency latency = measured.latency();
        json.put("p50Nanos", latency.p50());
        json.put("p90Nanos", latency.p90());
        json.put("p99Nanos", latency.p99());
        json.put("p999Nanos", latency.p999());
        json.put("maxNanos", latency.max());
        json.put("meanNanos", Math.round(latency.mean()));
        json.put("rebootLeCalls", measured.rebootCalls());
        json.put("rebootNanos", measured.rebootNanos());
        json.put("reboots", measured.reboots());
        json.put("revokeNanos", measured.revokeNanos());
        json.put("purgeNanos", measured.purgeNanos());
        json.put("ungovernedLaunches", measured.ungoverned());
        List<Map<String, Object>> owners = new ArrayList<>();
        for (Owner owner : measured.owners()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("kind", owner.kind().name().toLowerCase(Locale.ROOT));
            one.put("name", owner.name());
            one.put("launches", owner.launches());
            one.put("hits", owner.hits());
            one.put("peakBytes", owner.peakBytes());
            one.put("meanNanos", Math.round(owner.meanNanos()));
            one.put("aloneMeanNanos", Math.round(owner.aloneMeanNanos()));
            owners.add(one);
        }
        json.put("owners", owners);
        return Json.line(json);
    }

    private static Kind kind(Fields owner) throws StudyException {
        return switch (owner.string("kind")) {
            case "kernel" -> Kind.KERNEL;
            case "workload" -> Kind.WORKLOAD;
            case "attacker" -> Kind.ATTACKER;
            default -> throw owner.wrong("kind", "kernel, workload or attacker");
        };
    }

    /**
     * What a line of a file of cells says.
     *
     * @param plan the file's
     * @throws StudyException where it says nothing that a run of this plan would have written
     */
    static CellResult of(String line, Plan plan) throws StudyException {
        Fields fields = Fields.of(line);
        long index = fields.count("cell");
        if (index >= plan.size()) {
            throw fields.wrong("cell", "less than %s".formatted(plan.size()));
        }
        Cell cell = plan.cell((int) index);
        List<Owner> owners = new ArrayList<>();
        for (Fields owner : fields.list("owners")) {
            owners.add(new Owner(
                    kind(owner),
                    owner.string("name"),
                    owner.count("launches"),
                    owner.count("hits"),
                    owner.count("peakBytes"),
                    owner.count("meanNanos"),
                    owner.count("aloneMeanNanos")));
        }
        CellResult result = new CellResult(
                cell,
                plan.workloads().get(cell.workload()).name(),
                TraceFacts.of(fields.fields("trace")),
                new Measured(
                        fields.count("launches"),
                        fields.count("hits"),
                        fields.count("optimalHits"),
                        fields.count("leCalls"),
                        fields.count("joins"),
                        fields.count("reissues"),
                        fields.count("evictions"),
                        new Latency(
                                fields.count("p50Nanos"),
                                fields.count("p90Nanos"),
                                fields.count("p99Nanos"),
                                fields.count("p999Nanos"),
                                fields.count("maxNanos"),
                                fields.count("meanNanos")),
                        List.copyOf(owners),
                        fields.signed("rebootLeCalls"),
                        fields.signed("rebootNanos"),
                        fields.count("reboots"),
                        fields.count("revokeNanos"),
                        fields.count("purgeNanos"),
                        fields.count("ungovernedLaunches")));
        // What is written the same again was written so: no other workload or design at this index, no field twice,
        // nothing behind the object.
        if (!result.line().equals(line)) {
            throw new StudyException("not what cell %s of this study writes".formatted(index));
        }
        Measured measured = result.measured();
        if (measured.hits() > measured.launches() || measured.optimalHits() > measured.launches()) {
            throw new StudyException("cell %s has more hits than launches".formatted(index));
        }
        return result;
    }
}
