package jsgx.launch.policy;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Set;

/**
 * When a rule holds.
 *
 * @param from the first second at which it does, since the epoch
 * @param until the second from which on it no longer does
 * @param days on which days of the week, in the zone
 * @param dailyFrom the second of the day from which on it does
 * @param dailyUntil the second of the day from which on it no longer does; where that is earlier, it goes on past midnight
 * @param zone what days and hours are counted in
 * @param text as the file has it
 */
record TimeWindow(long from, long until, Set<DayOfWeek> days, int dailyFrom, int dailyUntil, ZoneId zone, String text) {

    static final int DAY = 86_400;

    private static final long EPOCH_WEEKDAY = DayOfWeek.THURSDAY.getValue() - 1L;
    private static final int WEEK = 7;

    TimeWindow {
        days = Set.copyOf(days);
    }

    boolean holds(Instant time) {
        long second = time.getEpochSecond();
        if (second < from || second >= until) {
            return false;
        }
        if (dailyFrom == 0 && dailyUntil == DAY && days.size() == WEEK) {
            return true;
        }
        long local = second + offset(time);
        int ofDay = (int) Math.floorMod(local, (long) DAY);
        boolean hour = dailyFrom < dailyUntil
                ? ofDay >= dailyFrom && ofDay < dailyUntil
                : ofDay >= dailyFrom || ofDay < dailyUntil;
        return hour && days.contains(day(local));
    }

    private long offset(Instant time) {
        return zone instanceof ZoneOffset fixed
                ? fixed.getTotalSeconds()
                : zone.getRules().getOffset(time).getTotalSeconds();
    }

    private static DayOfWeek day(long local) {
        return DayOfWeek.of(1 + Math.floorMod(Math.floorDiv(local, (long) DAY) + EPOCH_WEEKDAY, WEEK));
    }

    @Override
    public String toString() {
        return text;
    }
}
