package policy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The orders of a customer: those of the last 400 days one by one, older ones as totals. */
final class OrderBook {
    private static final int KEPT_DAYS = 400;
    private static final long OCCASION = Time.DAY;

    /** What a fact did to the orders that stand. */
    enum Effect { NONE, PLACED, UNDONE }

    private record Undone(String id, long at) {}

    private final List<Order> orders = new ArrayList<>();
    private final List<Undone> undone = new ArrayList<>();
    private int oldOrders;
    private long oldRevenue;
    private long oldFirst;
    private long oldLast;
    private int oldOccasions;
    private long oldBegun;
    private int occasions;
    private long begun;

    int count() {
        return oldOrders + orders.size();
    }

    long first() {
        return oldOrders > 0 ? oldFirst : orders.get(0).at;
    }

    long last() {
        return orders.isEmpty() ? oldLast : orders.get(orders.size() - 1).at;
    }

    long revenue() {
        long revenue = oldRevenue;
        for (Order it : orders) revenue += it.left;
        return revenue;
    }

    /** How often the customer decided to buy: orders within a day of the first of them are one occasion. */
    int occasions() {
        return occasions;
    }

    /** When the last occasion began. */
    long begun() {
        return begun;
    }

    /** The orders one by one, the oldest first. */
    List<Order> recent() {
        return orders;
    }

    Effect completed(String id, long at, long amount, boolean hasCoupon, boolean reinstated) {
        forget(at);
        Order known = find(id);
        if (known == null) {
            if (isUndone(id) && !reinstated) return Effect.NONE;
            undone.removeIf(it -> it.id.equals(id));
            place(new Order(id, at, amount, amount, hasCoupon));
            return Effect.PLACED;
        }
        if (known.amount != amount) known.left = amount;
        known.amount = amount;
        known.hasCoupon = hasCoupon;
        return Effect.NONE;
    }

    Effect updated(String id, long at, long amount, boolean hasCoupon) {
        forget(at);
        Order known = find(id);
        if (known != null) {
            known.amount = amount;
            known.left = amount;
            known.hasCoupon = hasCoupon;
        }
        return Effect.NONE;
    }

    /** Take an amount off an order, all that is left if it is negative. */
    Effect refunded(String id, long at, long amount) {
        forget(at);
        Order known = find(id);
        if (known == null) return Effect.NONE;
        known.left -= amount < 0 ? known.left : Math.min(amount, known.left);
        return known.left > 0 ? Effect.NONE : undo(known, at);
    }

    Effect cancelled(String id, long at) {
        forget(at);
        Order known = find(id);
        return known == null ? Effect.NONE : undo(known, at);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeShort(orders.size());
        for (Order it : orders) {
            out.writeUTF(it.id);
            out.writeLong(it.at);
            out.writeInt((int) it.amount);
            out.writeInt((int) it.left);
            out.writeBoolean(it.hasCoupon);
        }
        out.writeShort(undone.size());
        for (Undone it : undone) {
            out.writeUTF(it.id);
            out.writeLong(it.at);
        }
        out.writeInt(oldOrders);
        if (oldOrders > 0) {
            out.writeLong(oldRevenue);
            out.writeLong(oldFirst);
            out.writeLong(oldLast);
            out.writeInt(oldOccasions);
            out.writeLong(oldBegun);
        }
        out.writeInt(occasions);
        out.writeLong(begun);
    }

    void read(DataInputStream in) throws IOException {
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            orders.add(new Order(in.readUTF(), in.readLong(), in.readInt(), in.readInt(), in.readBoolean()));
        }
        for (int left = in.readUnsignedShort(); left > 0; left--) undone.add(new Undone(in.readUTF(), in.readLong()));
        oldOrders = in.readInt();
        if (oldOrders > 0) {
            oldRevenue = in.readLong();
            oldFirst = in.readLong();
            oldLast = in.readLong();
            oldOccasions = in.readInt();
            oldBegun = in.readLong();
        }
        occasions = in.readInt();
        begun = in.readLong();
    }

    private Order find(String id) {
        for (int place = orders.size() - 1; place >= 0; place--) {
            if (orders.get(place).id.equals(id)) return orders.get(place);
        }
        return null;
    }

    private boolean isUndone(String id) {
        for (Undone it : undone) if (it.id.equals(id)) return true;
        return false;
    }

    private void place(Order order) {
        int place = orders.size();
        while (place > 0 && orders.get(place - 1).at > order.at) place--;
        orders.add(place, order);
        countOccasions();
    }

    private Effect undo(Order order, long at) {
        orders.remove(order);
        undone.add(new Undone(order.id, at));
        countOccasions();
        return Effect.UNDONE;
    }

    private void forget(long at) {
        long horizon = Time.start(Time.day(at) - KEPT_DAYS + 1);
        undone.removeIf(it -> it.at < horizon);
        for (Iterator<Order> all = orders.iterator(); all.hasNext(); ) {
            Order old = all.next();
            if (old.at >= horizon) break;
            if (oldOrders++ == 0) oldFirst = old.at;
            oldRevenue += old.left;
            oldLast = old.at;
            if (oldOccasions == 0 || old.at - oldBegun >= OCCASION) {
                oldOccasions++;
                oldBegun = old.at;
            }
            all.remove();
        }
    }

    private void countOccasions() {
        occasions = oldOccasions;
        begun = oldBegun;
        for (Order it : orders) {
            if (occasions == 0 || it.at - begun >= OCCASION) {
                occasions++;
                begun = it.at;
            }
        }
    }
}
