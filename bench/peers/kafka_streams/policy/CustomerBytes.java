package policy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;

/** Customers as bytes; the deadline comes first, so that it can be read alone. */
final class CustomerBytes {
    private static final Stage[] STAGES = Stage.values();
    private static final Step[] STEPS = Step.values();
    private static final int NONE = -1;

    static long deadline(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    static byte[] encode(Customer it) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(it.deadline);
            out.writeLong(it.decidedAt);
            out.writeInt(it.published);
            writeDecided(it, out);
            it.orders.write(out);
            it.days.write(out);
            out.writeLong(it.lastBrowsed);
            it.ratings.write(out);
            out.writeShort(it.lastRating);
            out.writeLong(it.ratedAt);
            out.writeByte(it.tickets.size());
            for (Customer.Ticket ticket : it.tickets) {
                out.writeUTF(ticket.id());
                out.writeLong(ticket.opened());
            }
            out.writeShort(it.traits.size());
            for (Map.Entry<String, String> trait : it.traits.entrySet()) {
                out.writeUTF(trait.getKey());
                out.writeUTF(trait.getValue());
            }
            out.writeShort(it.seen.size());
            for (Customer.Seen seen : it.seen) {
                out.writeUTF(seen.identity());
                out.writeLong(seen.at());
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }

    static Customer decode(byte[] bytes) {
        Customer it = new Customer();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            it.deadline = in.readLong();
            it.decidedAt = in.readLong();
            it.published = in.readInt();
            readDecided(it, in);
            it.orders.read(in);
            it.days.read(in);
            it.lastBrowsed = in.readLong();
            it.ratings.read(in);
            it.lastRating = in.readShort();
            it.ratedAt = in.readLong();
            for (int left = in.readByte(); left > 0; left--) {
                it.tickets.add(new Customer.Ticket(in.readUTF(), in.readLong()));
            }
            for (int left = in.readShort(); left > 0; left--) it.traits.put(in.readUTF(), in.readUTF());
            for (int left = in.readShort(); left > 0; left--) {
                it.seen.add(new Customer.Seen(in.readUTF(), in.readLong()));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return it;
    }

    private static void writeDecided(Customer it, DataOutputStream out) throws IOException {
        out.writeByte(it.stage.ordinal());
        out.writeLong(it.stageSince);
        out.writeByte(it.previousStage == null ? NONE : it.previousStage.ordinal());
        if (it.previousStage != null) out.writeLong(it.previousSince);
        out.writeByte(it.step == null ? NONE : it.step.ordinal());
        if (it.step != null) out.writeLong(it.stepSince);
        out.writeBoolean(it.isLoyal());
        if (it.isLoyal()) out.writeLong(it.loyalSince);
        int members = 0;
        for (Segment segment : Segment.ALL) if (it.isIn(segment)) members |= 1 << segment.ordinal();
        out.writeByte(members);
        for (Segment segment : Segment.ALL) if (it.isIn(segment)) out.writeLong(it.joined[segment.ordinal()]);
    }

    private static void readDecided(Customer it, DataInputStream in) throws IOException {
        it.stage = STAGES[in.readByte()];
        it.stageSince = in.readLong();
        int previous = in.readByte();
        if (previous != NONE) {
            it.previousStage = STAGES[previous];
            it.previousSince = in.readLong();
        }
        int step = in.readByte();
        if (step != NONE) it.moveTo(STEPS[step], in.readLong());
        if (in.readBoolean()) it.loyalSince = in.readLong();
        int members = in.readByte();
        for (int segment = 0; segment < it.joined.length; segment++) {
            if ((members >> segment & 1) == 1) it.joined[segment] = in.readLong();
        }
    }

    private CustomerBytes() {}
}
