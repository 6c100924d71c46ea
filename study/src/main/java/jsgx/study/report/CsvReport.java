package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.study.run.Grid;

/** A study's figures as RFC 4180 has tables: a line for each workload and design, with the figures of {@link JsonReport}. */
public final class CsvReport {

    private CsvReport() {}

    /** The table, with its header. */
    public static String of(Results results) {
        StringBuilder csv = new StringBuilder();
        List<String> header = new ArrayList<>(
                List.of("workload", "placement", "scheme", "limitBytes", "charging", "knowledge", "seeds"));
        for (Metric metric : Metric.values()) {
            header.add(metric.id());
            header.add(metric.id() + "Min");
            header.add(metric.id() + "Max");
            header.add(metric.id() + "StandardDeviation");
        }
        line(csv, header);
        for (Row row : results.rows()) {
            List<String> fields = new ArrayList<>(List.of(row.workload()));
            Grid.json(row.design()).values().forEach(value -> fields.add(value.toString()));
            fields.add(Integer.toString(row.results().size()));
            for (Metric metric : Metric.values()) {
                Spread spread = row.spread(metric);
                for (double value : new double[] {spread.mean(), spread.min(), spread.max(), spread.deviation()}) {
                    fields.add(String.valueOf(JsonReport.rounded(value)));
                }
            }
            line(csv, fields);
        }
        return csv.toString();
    }

    private static void line(StringBuilder csv, List<String> fields) {
        csv.append(String.join(",", fields.stream().map(CsvReport::field).toList()))
                .append("\r\n");
    }

    private static String field(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
