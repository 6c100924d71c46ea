package jsgx.launch.policy;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Set;

/** When a rule holds. */
final class TimeWindow {

    static final int DAY = 86_400;

    private static final long EPOCH_WEEKDAY = DayOfWeek.THURSDAY.getValue() - 1L;
    private static final int WEEK = 7;

    private final long from;
    private final long until;
    private final int days;
    private final int dailyFrom;
    private final int dailyUntil;
    private final boolean always;
    private final ZoneRules zone;
    private final String text;

    /** The offset that was asked for last. Threads may overwrite it for each other: it is looked up again then. */
    private Offset last = new Offset(0, 0, 0);

    /** The zone's offset from UTC in seconds, from one second until another. */
    private record Offset(long from, long until, int seconds) {}

    /**
     * @param from the first second at which it does, since the epoch
     * @param until the second from which on it no longer does
     * @param days on which days of the week, in the zone
     * @param dailyFrom the second of the day from which on it does
     * @param dailyUntil the second of the day from which on it no longer does; where that is earlier, it goes on past midnight
     * @param zone what days and hours are counted in
     * @param text as the file has it
     */
    TimeWindow(long from, long until, Set<DayOfWeek> days, int dailyFrom, int dailyUntil, ZoneId zone, String text) {
        this.from = from;
        this.until = until;
        this.days = days.stream().mapToInt(day -> 1 << (day.getValue() - 1)).sum();
        this.dailyFrom = dailyFrom;
        this.dailyUntil = dailyUntil;
        this.always = dailyFrom == 0 && dailyUntil == DAY && days.size() == WEEK;
        this.zone = zone.getRules();
        this.text = text;
    }

    boolean holds(Instant time) {
        long second = time.getEpochSecond();
        if (second < from || second >= until) {
            return false;
        }
        if (always) {
            return true;
        }
        long local = second + offset(second);
        int ofDay = (int) Math.floorMod(local, (long) DAY);
        boolean hour = dailyFrom < dailyUntil
                ? ofDay >= dailyFrom && ofDay < dailyUntil
                : ofDay >= dailyFrom || ofDay < dailyUntil;
        int day = (int) Math.floorMod(Math.floorDiv(local, (long) DAY) + EPOCH_WEEKDAY, (long) WEEK);
        return hour && (days >> day & 1) != 0;
    }

    private int offset(long second) {
        Offset known = last;
        if (second < known.from() || second >= known.until()) {
            known = lookUp(second);
            last = known;
        }
        return known.seconds();
    }

    private Offset lookUp(long second) {
        Instant time = Instant.ofEpochSecond(second);
        ZoneOffsetTransition before = zone.previousTransition(time.plusSeconds(1));
        ZoneOffsetTransition next = zone.nextTransition(time);
        return new Offset(
                before == null ? Long.MIN_VALUE : before.toEpochSecond(),
                next == null ? Long.MAX_VALUE : next.toEpochSecond(),
                zone.getOffset(time).getTotalSeconds());
    }

    String text() {
        return text;
    }
}
