package policy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Several counts by day, of the last days that any window asks for. */
final class DayCounts {
    private static final int KEPT_DAYS = 90;
    private static final int MOST = 65_535;

    private final int width;
    /** A day and its counts, and so on; the days rise. */
    private int[] rows = {};

    DayCounts(int columns) {
        width = columns + 1;
    }

    void add(int column, int more, long at) {
        int day = (int) Time.day(at);
        int place = rows.length - width;
        while (place >= 0 && rows[place] > day) place -= width;
        if (place < 0 || rows[place] != day) place = insert(place + width, day);
        int count = place + 1 + column;
        rows[count] = Math.min(MOST, rows[count] + more);
    }

    /** The sum of a column over so many days, of which the last is {@code today}. */
    int sum(int column, long today, int days) {
        int sum = 0;
        for (int place = rows.length - width; place >= 0 && rows[place] > today - days; place -= width) {
            if (rows[place] <= today) sum += rows[place + 1 + column];
        }
        return sum;
    }

    /** The first day of such a window on which the column has a count. */
    long first(int column, long today, int days) {
        for (int place = 0; place < rows.length; place += width) {
            if (rows[place] > today - days && rows[place + 1 + column] > 0) return rows[place];
        }
        throw new IllegalStateException("the window has no count");
    }

    /** The last day on which the column has a count. */
    long last(int column) {
        for (int place = rows.length - width; place >= 0; place -= width) {
            if (rows[place + 1 + column] > 0) return rows[place];
        }
        throw new IllegalStateException("the column has no count");
    }

    void write(DataOutputStream out) throws IOException {
        out.writeShort(rows.length);
        for (int it : rows) out.writeShort(it);
    }

    void read(DataInputStream in) throws IOException {
        rows = new int[in.readUnsignedShort()];
        for (int place = 0; place < rows.length; place++) rows[place] = in.readUnsignedShort();
    }

    private int insert(int place, int day) {
        int old = 0;
        while (old < place && rows[old] <= day - KEPT_DAYS) old += width;
        int[] made = new int[rows.length - old + width];
        System.arraycopy(rows, old, made, 0, place - old);
        made[place - old] = day;
        System.arraycopy(rows, place, made, place - old + width, rows.length - place);
        rows = made;
        return place - old;
    }
}
