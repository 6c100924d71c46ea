package jsgx.cli;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.launch.InitReport;
import jsgx.launch.json.Json;
import jsgx.launch.token.TokenSource;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;

/** An event of a run as one line for people, and as one line of JSON. */
final class TraceText {

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);
    private static final int PROTECTIONS = 7;

    /** What the ioctl's line has at its end: how far it came. */
    private static final String DONE = "done";

    private static final String NO_COLUMN = "  ";

    private final Screen screen;
    private final ZoneId zone;

    TraceText(Screen screen, ZoneId zone) {
        this.screen = screen;
        this.zone = zone;
    }

    /**
     * One line for people: when, which process and thread, which enclave, and what happened.
     *
     * @param report what launch control said where the event is an INIT
     */
    String line(Instant time, SgxEvent event, @Nullable InitReport report) {
        String who = event.pid() == event.tid() ? "" + event.pid() : event.pid() + "/" + event.tid();
        String enclave = event.enclave() == 0 ? NO_COLUMN : "e" + event.enclave();
        return "%s %s %s  %s"
                .formatted(CLOCK.format(time.atZone(zone)), who, enclave, Text.printable(what(event, report)));
    }

    private String what(SgxEvent event, @Nullable InitReport report) {
        return switch (event) {
            case SgxEvent.Opened open -> "open " + open.path() + " → " + result(open.result());
            case SgxEvent.Released released -> "close " + released.path();
            case SgxEvent.Ioctl ioctl -> ioctl(ioctl, report);
            case SgxEvent.Mapped mapped -> mapped(mapped);
            case SgxEvent.Enclu enclu -> enclu.leaf() + operands(enclu) + " → " + enclu.outcome();
            case SgxEvent.Unasked unasked -> "not asked for: " + counts(unasked);
            case SgxEvent.AsynchronousExit exit -> exit(exit);
            case SgxEvent.PageFault fault ->
                "fault %s %s → %s"
                        .formatted(address(fault.address()), fault.write() ? "write" : "read", fault.answer());
            case SgxEvent.PageMoved moved -> (moved.reclaimed() ? "reclaim " : "reload ") + address(moved.address());
            case SgxEvent.Process process -> process.what();
        };
    }

    private String ioctl(SgxEvent.Ioctl ioctl, @Nullable InitReport report) {
        StringBuilder line = new StringBuilder("ioctl ").append(ioctl.name());
        ioctl.arguments().forEach((name, value) -> {
            if (!name.equals(DONE)) {
                line.append(' ').append(name);
                if (!value.isEmpty()) {
                    line.append(' ').append(screen.hashes(value));
                }
            }
        });
        line.append(" → ").append(result(ioctl.result()));
        ioctl.argument(DONE).ifPresent(done -> line.append(" (").append(done).append(')'));
        String why = report == null ? why(ioctl) : launchControl(ioctl, report);
        return why.isEmpty() ? line.toString() : line.append("  ").append(why).toString();
    }

    /** Why an ioctl failed. */
    static String why(SgxEvent.Ioctl ioctl) {
        Outcome outcome = ioctl.outcome();
        if (outcome instanceof Outcome.Error(var check, SgxError code, var flags, String expected, String found)) {
            return "%s: %s (%d): %s"
                    .formatted(check.leaf(), code.sdmName(), code.code(), rule(check.rule(), expected, found));
        }
        if (outcome instanceof Outcome.Faulted(var check, var fault, String expected, String found)) {
            return "%s: %s: %s".formatted(check.leaf(), fault, rule(check.rule(), expected, found));
        }
        Refusal refusal = ioctl.refusal();
        return refusal == null ? "" : rule(refusal.cause().rule(), refusal.expected(), refusal.found());
    }

    private static String rule(String rule, String expected, String found) {
        return "not so: " + rule + "; expected " + expected + ", found " + found;
    }

    private static String launchControl(SgxEvent.Ioctl ioctl, InitReport report) {
        StringJoiner text = new StringJoiner(", ");
        if (!report.policy().isEmpty()) {
            text.add("policy " + report.policy());
        }
        if (ioctl.result() != 0) {
            text.add(report.code());
        } else {
            text.add(token(ioctl.path(), report.token()));
        }
        return text.toString();
    }

    private static String token(String path, TokenSource source) {
        return switch (source) {
            case LAUNCH_ENCLAVE -> "token of the launch enclave";
            case KERNEL_CACHE -> "token of the kernel's cache";
            case CALLER -> "the program's token";
            case USER_CACHE, STORE -> "token of user space's store";
            case NONE -> kind(path) == InterfaceKind.MAINLINE ? "no token on this interface" : "no token";
        };
    }

    /** The interface that a device belongs to. */
    static InterfaceKind kind(String path) {
        return switch (path) {
            case "/dev/isgx" -> InterfaceKind.ISGX;
            case "/dev/sgx" -> InterfaceKind.V5;
            default -> InterfaceKind.MAINLINE;
        };
    }

    private static String mapped(SgxEvent.Mapped mapped) {
        String protection = switch (mapped.call()) {
            case "mmap", "mprotect" -> " " + protection(mapped.protection());
            default -> "";
        };
        boolean gaveAddress = mapped.result() > 0 || mapped.result() < -4095;
        return "%s %s length %s%s → %s"
                .formatted(
                        mapped.call(),
                        address(mapped.address()),
                        Text.size(mapped.length()),
                        protection,
                        gaveAddress ? address(mapped.result()) : result(mapped.result()));
    }

    private static String protection(int bits) {
        return (bits & PROTECTIONS) == 0
                ? "none"
                : ((bits & 1) != 0 ? "r" : "-") + ((bits & 2) != 0 ? "w" : "-") + ((bits & 4) != 0 ? "x" : "-");
    }

    private static String operands(SgxEvent.Enclu enclu) {
        return switch (enclu.leaf()) {
            case EENTER, ERESUME -> " tcs " + address(enclu.rbx());
            case EEXIT -> " to " + address(enclu.rbx());
            case EACCEPT, EMODPE -> " page " + address(enclu.rcx());
            case EACCEPTCOPY -> " page " + address(enclu.rcx()) + " from " + address(enclu.rdx());
            default -> "";
        };
    }

    private static String counts(SgxEvent.Unasked unasked) {
        List<String> counts = new ArrayList<>();
        unasked.counts().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(each -> counts.add(each.getKey() + " " + each.getValue()));
        return String.join(", ", counts);
    }

    private static String exit(SgxEvent.AsynchronousExit exit) {
        StringJoiner line = new StringJoiner(" ").add("AEX").add(exit.cause());
        Long address = exit.address();
        if (address != null) {
            line.add(address(address));
        }
        if (!exit.detail().isEmpty()) {
            line.add(exit.detail());
        }
        return line.add("at").add(address(exit.rip())).toString();
    }

    /** What a call gave: a number, or the name of an errno. */
    static String result(long result) {
        if (result >= 0) {
            return Long.toString(result);
        }
        return Errno.of(result).map(Errno::name).orElse("errno " + -result);
    }

    /** An address in groups of four digits: {@code 0x7f10_0000_5000}. */
    static String address(long value) {
        String digits = Long.toHexString(value);
        StringBuilder text = new StringBuilder("0x");
        for (int i = 0; i < digits.length(); i++) {
            if (i > 0 && (digits.length() - i) % 4 == 0) {
                text.append('_');
            }
            text.append(digits.charAt(i));
        }
        return text.toString();
    }

    /** The event as JSON, with whole hashes. */
    static Json json(Instant time, SgxEvent event, @Nullable InitReport report) {
        Json json = new Json()
                .put("time", time.toString())
                .put("event", event.kind().id())
                .put("pid", event.pid())
                .put("tid", event.tid())
                .put("enclave", event.enclave() == 0 ? null : event.enclave());
        switch (event) {
            case SgxEvent.Opened open -> json.put("path", open.path()).put("result", open.result());
            case SgxEvent.Released released -> json.put("path", released.path()).put("closed", true);
            case SgxEvent.Ioctl ioctl -> json(json, ioctl, report);
            case SgxEvent.Mapped mapped ->
                json.put("call", mapped.call())
                        .put("address", Text.mask(mapped.address()))
                        .put("length", mapped.length())
                        .put("protection", mapped.protection())
                        .put("result", mapped.result());
            case SgxEvent.Enclu enclu ->
                json.put("leaf", enclu.leaf().name())
                        .put("rbx", Text.mask(enclu.rbx()))
                        .put("rcx", Text.mask(enclu.rcx()))
                        .put("rdx", Text.mask(enclu.rdx()))
                        .put("outcome", enclu.outcome())
                        .put("nanos", enclu.nanos());
            case SgxEvent.Unasked unasked -> {
                Json counts = new Json();
                unasked.counts().forEach((leaf, count) -> counts.put(leaf.name(), count));
                json.put("notAskedFor", counts);
            }
            case SgxEvent.AsynchronousExit exit -> {
                Long address = exit.address();
                json.put("cause", exit.cause())
                        .put("detail", exit.detail())
                        .put("address", address == null ? null : Text.mask(address))
                        .put("rip", Text.mask(exit.rip()));
            }
            case SgxEvent.PageFault fault ->
                json.put("address", Text.mask(fault.address()))
                        .put("write", fault.write())
                        .put("answer", fault.answer());
            case SgxEvent.PageMoved moved ->
                json.put("address", Text.mask(moved.address())).put("reclaimed", moved.reclaimed());
            case SgxEvent.Process process -> json.put("what", process.what());
        }
        return json;
    }

    private static void json(Json json, SgxEvent.Ioctl ioctl, @Nullable InitReport report) {
        Json arguments = new Json();
        ioctl.arguments().forEach(arguments::put);
        json.put("path", ioctl.path())
                .put("name", ioctl.name())
                .put("arguments", arguments)
                .put("result", ioctl.result())
                .put("nanos", ioctl.nanos())
                .put("why", why(ioctl));
        if (report != null) {
            json.put("code", report.code())
                    .put("policy", report.policy())
                    .put("token", new Json().put("source", report.token().id()));
        }
    }
}
