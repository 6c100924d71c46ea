package jsgx.study.simulation;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import jsgx.arch.struct.SgxError;
import jsgx.launch.store.RefetchRule;
import jsgx.launch.store.UserToken;
import jsgx.launch.token.TokenKey;
import jsgx.study.cost.Step;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.trace.Trace;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** One pass over a trace, or over a part of it, under one design. {@link Simulator} says what is modelled. */
final class Run {

    private static final int DIGITS = 3;
    private static final long NANOS_PER_MICRO = 1_000;

    /** Who had the token that EINIT took. */
    private enum Source {
        PLACE,
        LAUNCH_ENCLAVE,
        JOIN
    }

    private final Trace trace;
    private final Design design;
    private final Enclaves enclaves;
    private final Places places;
    private final Draws draws;

    /** Whether policy is asked at each EINIT; else only where a token is made, and whoever has one launches. */
    private final boolean atEinit;

    private final VirtualClock clock = new VirtualClock();
    private final Packages packages;
    private final Tokens tokens;
    private final Issues issues;
    private final Map<Integer, Kernel> kernels = new TreeMap<>();
    private final Map<Integer, Member> members = new HashMap<>();
    private final BitSet revoked = new BitSet();

    /** Where the launch that is looked at is in time, in nanoseconds. */
    private long now;

    private Source source = Source.LAUNCH_ENCLAVE;

    final Histogram latency = new Histogram(DIGITS);
    double nanos;
    long launches;
    long hits;
    long calls;
    long joins;
    long reissues;
    long revokeNanos;
    long purgeNanos;
    long ungoverned;

    Run(Trace trace, Design design, Enclaves enclaves, Places places, Draws draws, boolean atEinit) {
        this.trace = trace;
        this.design = design;
        this.enclaves = enclaves;
        this.places = places;
        this.draws = draws;
        this.atEinit = atEinit;
        this.packages = new Packages(trace);
        this.tokens = new Tokens(enclaves);
        this.issues = new Issues(trace, enclaves);
    }

    /** What happens next. */
    void event(int event) {
        now = Times.later(0, Math.multiplyExact(trace.micros(event), NANOS_PER_MICRO));
        int subject = trace.subject(event);
        int object = trace.object(event);
        switch (trace.event(event)) {
            case LAUNCH -> launch(event, subject, enclaves.first(object), false);
            case LAST_LAUNCH ->
                launch(event, subject, enclaves.first(object), design.knowledge() == Knowledge.LAST_LAUNCH);
            case REBOOT -> reboot(subject, true);
            case MIGRATE -> {
                packages.migrate(subject, object);
                reboot(subject, false);
            }
            case ROTATE_LAUNCH_ENCLAVE -> packages.rotate(subject);
            case RAISE_CPUSVN -> packages.raise(subject);
            case LOWER_CPUSVN -> packages.lower(subject);
            case REVOKE -> revoke(event, enclaves.first(object));
            case REINSTATE -> revoked.clear(enclaves.first(object));
        }
    }

    Iterable<Kernel> kernels() {
        return kernels.values();
    }

    /** A workload that launched something; null for another. */
    @Nullable
    Member member(int workload) {
        return members.get(workload);
    }

    long evictions() {
        long evictions = 0;
        for (Kernel kernel : kernels.values()) {
            evictions += kernel.evictions();
        }
        for (Member member : members.values()) {
            evictions += member.userSpace == null ? 0 : member.userSpace.evictions();
        }
        return evictions;
    }

    private Kernel kernel(int machine) {
        Kernel kernel = kernels.get(machine);
        if (kernel == null) {
            kernel = new Kernel(machine, packages, places.scheme(), places.limits(machine), clock);
            kernels.put(machine, kernel);
        }
        return kernel;
    }

    private Member of(int workload) {
        Member member = members.get(workload);
        if (member == null) {
            int machine = trace.machine(workload);
            UserSpace userSpace = places.storesHold()
                    ? new UserSpace(
                            places.storeBudget(),
                            enclaves,
                            () -> tokens.origin(packages.of(machine), packages.launchEnclave(machine)),
                            clock)
                    : null;
            member = new Member(places.workload(workload), kernel(machine), userSpace);
            members.put(workload, member);
        }
        return member;
    }

    private void launch(int event, int workload, int enclave, boolean knownLast) {
        if (revoked.get(enclave)) {
            ungoverned += passes(workload, enclave) ? 1 : 0;
            return;
        }
        draws.launch(event);
        Member member = of(workload);
        member.landed(now);
        long begun = now;
        if (design.placement().inUserSpace()) {
            launchFromUserSpace(member, enclave, knownLast);
        } else {
            launchFromKernel(member, enclave);
        }
        count(member, now - begun);
    }

    /** Whether a token that is there already lets a revoked enclave launch, where EINIT alone judges it. A fresh one policy refuses. */
    private boolean passes(int workload, int enclave) {
        if (design.placement().inUserSpace()) {
            return issues.launches(enclave, packages, trace.machine(workload));
        }
        if (atEinit || !design.placement().inKernel()) {
            return false;
        }
        Member member = of(workload);
        Kernel kernel = member.kernel;
        TokenKey key = tokens.key(enclave, packages.launchEnclave(kernel.machine()), kernel.generation());
        byte[] cached = kernel.flights().pending(key, now) != null ? null : kernel.find(key, member.workload, now);
        if (cached == null) {
            return false;
        }
        boolean taken = Tokens.einit(cached, packages, kernel.machine()) == SgxError.SUCCESS;
        if (!taken) {
            kernel.refused(key, cached);
        }
        return taken;
    }

    private void count(Member member, long took) {
        launches++;
        member.launches++;
        member.kernel.launches++;
        switch (source) {
            case PLACE -> {
                hits++;
                member.hits++;
            }
            case LAUNCH_ENCLAVE -> calls++;
            case JOIN -> joins++;
        }
        nanos += took;
        member.nanos += took;
        latency.recordValue(took);
    }

    private void launchFromKernel(Member member, int enclave) {
        spend(Step.GOVERN);
        byte[] token = fromKernel(member, enclave);
        while (einit(member, token) != SgxError.SUCCESS) {
            refused(member, enclave, token);
            spend(Step.GOVERN);
            token = fromKernel(member, enclave);
        }
        member.kernel.hits += source == Source.PLACE ? 1 : 0;
    }

    private void launchFromUserSpace(Member member, int enclave, boolean knownLast) {
        UserSpace userSpace = member.userSpace;
        UserToken kept =
                userSpace == null ? null : userSpace.find(enclaves.label(enclave), enclaves.identity(enclave), now);
        boolean fetches = kept == null;
        if (kept != null) {
            spend(kept.source() == UserToken.Source.USER_CACHE ? Step.STORE_MEMORY : Step.STORE_DISK);
            spend(Step.GOVERN);
            SgxError said = einit(member, kept.token());
            if (said == SgxError.SUCCESS) {
                source = Source.PLACE;
            } else {
                fetches = true;
                refetches(said, kept.token(), enclave);
            }
        }
        if (fetches) {
            boolean keeps = userSpace != null;
            long asked = now;
            byte[] token = issued(member, enclave, keeps);
            long ready = now;
            spend(Step.GOVERN);
            while (einit(member, token) != SgxError.SUCCESS) {
                refused(member, enclave, token);
                token = issued(member, enclave, keeps);
                ready = now;
                spend(Step.GOVERN);
            }
            if (userSpace != null) {
                userSpace.keep(enclaves.label(enclave), enclaves.identity(enclave), token, asked, ready);
                member.charged();
            }
        }
        if (userSpace != null && knownLast) {
            userSpace.discard(enclaves.label(enclave));
        }
    }

    /** A token that the kernel issues to user space, which keeps it, or does not. */
    private byte[] issued(Member member, int enclave, boolean keeps) {
        spend(Step.SOCKET);
        spend(Step.ISSUE);
        byte[] token = fromKernel(member, enclave);
        member.kernel.hits += source == Source.PLACE ? 1 : 0;
        issues.issued(enclave, packages, member.kernel.machine());
        if (keeps) {
            spend(Step.STORE_KEEP);
        }
        return token;
    }

    /** A token by the kernel's way: of its cache, of another launch's request, or of the launch enclave. */
    private byte[] fromKernel(Member member, int enclave) {
        Kernel kernel = member.kernel;
        int machine = kernel.machine();
        if (!kernel.keeps()) {
            ask(kernel);
            return made(enclave, machine);
        }
        TokenKey key = tokens.key(enclave, packages.launchEnclave(machine), kernel.generation());
        Flights.Flight<TokenKey, byte[]> pending = kernel.flights().pending(key, now);
        if (pending != null) {
            now = pending.ready();
            source = Source.JOIN;
            return made(enclave, machine);
        }
        byte[] cached = kernel.find(key, member.workload, now);
        if (cached != null) {
            spend(Step.KERNEL_HIT);
            source = Source.PLACE;
            return cached;
        }
        long asked = now;
        ask(kernel);
        byte[] token = made(enclave, machine);
        spend(Step.KERNEL_KEEP);
        kernel.keep(key, member.workload, token, asked, now);
        member.charged();
        return token;
    }

    private void ask(Kernel kernel) {
        now = kernel.ask(now, draws.of(Step.LAUNCH_ENCLAVE));
        source = Source.LAUNCH_ENCLAVE;
    }

    private byte[] made(int enclave, int machine) {
        return tokens.make(enclave, packages.of(machine), packages.launchEnclave(machine), packages.cpuSvn(machine));
    }

    private SgxError einit(Member member, byte[] token) {
        spend(Step.EINIT);
        return Tokens.einit(token, packages, member.kernel.machine());
    }

    /** EINIT refused a token of the kernel's. */
    private void refused(Member member, int enclave, byte[] token) {
        Kernel kernel = member.kernel;
        refetches(Tokens.einit(token, packages, kernel.machine()), token, enclave);
        kernel.refused(tokens.key(enclave, packages.launchEnclave(kernel.machine()), kernel.generation()), token);
    }

    private void refetches(SgxError said, byte[] token, int enclave) {
        if (!RefetchRule.refetches(
                said.code(), token, enclaves.identity(enclave).attributes())) {
            throw new IllegalStateException("no fresh token helps against " + said);
        }
        reissues++;
    }

    private void spend(Step step) {
        now = Times.later(now, draws.of(step));
    }

    /** A machine loses the launches that are on their way, and where it restarts what its memory held. */
    private void reboot(int machine, boolean memory) {
        Kernel kernel = kernels.get(machine);
        if (kernel == null) {
            return;
        }
        kernel.interrupted(now);
        if (memory) {
            kernel.reboot();
        }
        for (Member member : members.values()) {
            if (member.kernel == kernel && member.userSpace != null) {
                member.userSpace.interrupted(now);
                if (memory) {
                    member.userSpace.reboot();
                }
            }
        }
    }

    private void revoke(int event, int enclave) {
        draws.launch(event);
        revoked.set(enclave);
        if (!atEinit) {
            return;
        }
        revokeNanos = Math.max(revokeNanos, draws.of(Step.REVOKE));
        Map<Kernel, Long> purging = new HashMap<>();
        for (Kernel kernel : kernels.values()) {
            purging.put(kernel, kernel.held() * draws.of(Step.PURGE_KERNEL));
            kernel.purge(enclaves.identity(enclave));
        }
        for (Member member : members.values()) {
            UserSpace userSpace = member.userSpace;
            if (userSpace != null) {
                long held = userSpace.held();
                if (userSpace.purge(enclaves.label(enclave), enclaves.identity(enclave))) {
                    long purge = Times.later(held * draws.of(Step.PURGE_STORE_TOKEN), draws.of(Step.PURGE_STORE));
                    purging.merge(member.kernel, purge, Times::later);
                }
            }
        }
        for (long purge : purging.values()) {
            purgeNanos = Math.max(purgeNanos, purge);
        }
    }
}
