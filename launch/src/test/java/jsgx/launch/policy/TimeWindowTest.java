package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TimeWindowTest {

    private static final List<String> ZONES =
            List.of("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "+05:30");

    /** Times near changes of the offset among them; the JDK's calendar is the other opinion. */
    @Test
    void hoursAndDaysAreThoseOfTheZone() {
        Random random = new Random(7);
        for (int round = 0; round < 300; round++) {
            ZoneId zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
            int from = random.nextInt(24) * 3600;
            int until = (1 + random.nextInt(24)) * 3600;
            if (from == until) {
                continue;
            }
            Set<DayOfWeek> days = EnumSet.of(DayOfWeek.of(1 + random.nextInt(7)));
            days.add(DayOfWeek.of(1 + random.nextInt(7)));
            TimeWindow window = new TimeWindow(Long.MIN_VALUE, Long.MAX_VALUE, days, from, until, zone, "");
            for (int i = 0; i < 100; i++) {
                Instant change = change(zone, random);
                for (Instant time : List.of(
                        Instant.ofEpochSecond(random.nextLong(-2_000_000_000L, 4_000_000_000L)),
                        change,
                        change.minusSeconds(1),
                        change.plusSeconds(random.nextInt(-7200, 7200)))) {
                    ZonedDateTime local = time.atZone(zone);
                    int second = local.toLocalTime().toSecondOfDay();
                    boolean hour = from < until ? second >= from && second < until : second >= from || second < until;

                    assertThat(window.holds(time))
                            .as("%s in %s, %s from %d until %d", time, zone, days, from, until)
                            .isEqualTo(hour && days.contains(local.getDayOfWeek()));
                }
            }
        }
    }

    private static Instant change(ZoneId zone, Random random) {
        Instant start = Instant.ofEpochSecond(random.nextLong(0, 2_000_000_000L));
        var change = zone.getRules().nextTransition(start);
        return change == null ? start : change.getInstant();
    }
}
