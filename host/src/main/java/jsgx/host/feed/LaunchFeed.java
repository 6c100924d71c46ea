package jsgx.host.feed;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.LaunchRequest;
import jsgx.launch.InitReport;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Judgement;
import org.jspecify.annotations.Nullable;

/**
 * The last launches of a host, and the tokens that user space asked for, for as many readers as like. A launch leaves a note and goes on: it
 * waits for no reader, and the note becomes an entry, with its explanation, when somebody reads it. A reader that is too slow misses the
 * oldest and is told how many.
 *
 * <p>Whoever executes a program's calls says whose they are, so that a launch has a process:
 *
 * <pre>{@code
 * LaunchFeed.calledBy(peer.pid(), () -> file.ioctl(space, cmd, arg));
 * }</pre>
 */
public final class LaunchFeed implements Judgement.Listener {

    /** How many entries are kept. */
    public static final int KEPT = 1024;

    /** The process whose call this thread executes. */
    private static final ThreadLocal<@Nullable Integer> CALLER = new ThreadLocal<>();

    /** How a launch that is over becomes a report: the running platform's way. */
    public interface Reports {
        InitReport of(Ending ending);
    }

    private sealed interface Note {
        long number();
    }

    private record Launched(long number, Instant time, int pid, Ending ending) implements Note {}

    private record Issued(long number, int pid, AuditEvent event, IssuedToken issued) implements Note {}

    private final Reports reports;
    private final InstantSource clock;
    private final AtomicReferenceArray<@Nullable Note> notes = new AtomicReferenceArray<>(KEPT);
    private final AtomicLong last = new AtomicLong();
    private final Map<Long, LaunchedEnclave> running = new ConcurrentHashMap<>();

    /** An empty feed. */
    public LaunchFeed(Reports reports, InstantSource clock) {
        this.reports = reports;
        this.clock = clock;
    }

    /** Executes a call for a process: what it launches is that process's. */
    public static void calledBy(int pid, Runnable call) {
        Integer outer = CALLER.get();
        CALLER.set(pid);
        try {
            call.run();
        } finally {
            if (outer == null) {
                CALLER.remove();
            } else {
                CALLER.set(outer);
            }
        }
    }

    private static int pid() {
        Integer caller = CALLER.get();
        return caller == null ? 0 : caller;
    }

    @Override
    public void judged(Judgement judgement) {
        // What matters is how it ends.
    }

    @Override
    public void ended(Ending ending) {
        Instant now = clock.instant();
        if (ending.launched()) {
            LaunchedEnclave enclave = enclave(ending.judgement().request(), now);
            running.put(enclave.enclave(), enclave);
        }
        keep(new Launched(last.incrementAndGet(), now, pid(), ending));
    }

    @Override
    public void issued(AuditEvent event, IssuedToken issued) {
        keep(new Issued(last.incrementAndGet(), pid(), event, issued));
    }

    @Override
    public void released(long enclave) {
        running.remove(enclave);
    }

    private static LaunchedEnclave enclave(LaunchRequest request, Instant now) {
        Sigstruct sigstruct = Sigstruct.of(request.sigstruct());
        return new LaunchedEnclave(
                request.enclave(),
                pid(),
                now,
                request.workload(),
                HexFormat.of().formatHex(request.mrEnclave()),
                HexFormat.of().formatHex(request.mrSigner()),
                sigstruct.isvProdId(),
                sigstruct.isvSvn());
    }

    /** A thread that was held up does not put its old note in the place of a newer one. */
    private void keep(Note note) {
        notes.accumulateAndGet(
                slot(note.number()), note, (old, fresh) -> old != null && old.number() > fresh.number() ? old : fresh);
    }

    private static int slot(long number) {
        return (int) (number % KEPT);
    }

    /** The enclaves that were launched and are not released, by the driver's number. */
    public Map<Long, LaunchedEnclave> running() {
        return Map.copyOf(running);
    }

    /** The number of the last entry; 0 before the first. */
    public long last() {
        return last.get();
    }

    /** The last entries, newest first. */
    public List<FeedEntry> latest(int most) {
        Batch batch = after(Math.max(0, last.get() - Math.min(most, KEPT)));
        return batch.entries().reversed();
    }

    /**
     * What a reader gets.
     *
     * @param lost how many entries it missed before these
     * @param next after which number to read on
     */
    public record Batch(long lost, List<FeedEntry> entries, long next) {}

    /** The entries after this number that are there, oldest first; none where nothing came since. */
    public Batch after(long number) {
        long newest = last.get();
        // Of another life of the process, which counted further.
        long from = Math.max(number > newest ? 0 : number, newest - KEPT);
        long lost = number > newest ? 0 : from - number;
        List<FeedEntry> entries = new ArrayList<>();
        long at = from;
        while (at < newest) {
            Note note = notes.get(slot(at + 1));
            if (note == null || note.number() < at + 1) {
                // Its thread has the number and has not left the note yet.
                break;
            }
            at++;
            if (note.number() > at) {
                lost++;
            } else {
                entries.add(entry(note));
            }
        }
        return new Batch(lost, entries, at);
    }

    private FeedEntry entry(Note note) {
        return switch (note) {
            case Launched(long number, Instant time, int pid, Ending ending) ->
                FeedEntries.of(number, time, pid, ending, reports.of(ending));
            case Issued(long number, int pid, AuditEvent event, IssuedToken issued) ->
                FeedEntries.of(number, pid, event, issued);
        };
    }
}
