package policy;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** Instants and lengths of time, both in ms; days are those of UTC. */
final class Time {
    static final long MINUTE = 60_000L;
    static final long HOUR = 60 * MINUTE;
    static final long DAY = 24 * HOUR;
    /** Stands for an instant that does not come. */
    static final long NEVER = Long.MAX_VALUE;

    private static final DateTimeFormatter TEXT = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

    static long day(long at) {
        return Math.floorDiv(at, DAY);
    }

    /** The first instant of a day. */
    static long start(long day) {
        return day * DAY;
    }

    /** A length in days, rounded to four decimals. */
    static double days(double length) {
        return rounded(length / DAY);
    }

    static double rounded(double number) {
        return new BigDecimal(number).setScale(4, RoundingMode.HALF_EVEN).doubleValue();
    }

    static String text(long at) {
        return TEXT.format(Instant.ofEpochMilli(at));
    }

    static long parsed(String text) {
        return Instant.parse(text).toEpochMilli();
    }

    private Time() {}
}
