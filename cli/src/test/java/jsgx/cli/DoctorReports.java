package jsgx.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import jsgx.cli.doctor.Doctor;
import jsgx.cli.doctor.Fact;
import jsgx.cli.doctor.Host;

/** What {@code jsgx doctor} prints of a machine that a test made up. */
public final class DoctorReports {

    private DoctorReports() {}

    public static String of(Host host) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Fact> facts = Doctor.examine(host);
        PrintStream stream = new PrintStream(out, false, StandardCharsets.UTF_8);
        DoctorCommand.report(new Screen(stream, false, false), facts, Doctor.ready(facts));
        stream.flush();
        return out.toString(StandardCharsets.UTF_8);
    }
}
