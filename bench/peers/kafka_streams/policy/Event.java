package policy;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** An event as producers send it. What it says is checked when it is asked for. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class Event {
    private static final int MAX_ID = 256;
    private static final long MAX_CENTS = 100_000_000;

    public String type;
    public String event;
    @JsonAlias("message_id") public String messageId;
    @JsonAlias("user_id") public String userId;
    public String timestamp;
    public Properties properties = new Properties();
    public Map<String, JsonNode> traits;
    public Context context;

    /** An event that cannot be used; the message is the reason of the reject. */
    static final class UnusableException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UnusableException(String reason) {
            super(reason, null, false, false);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Context {
        public Map<String, JsonNode> traits;
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Line {
        public BigDecimal price;
        public BigDecimal quantity;

        BigDecimal amount() {
            if (price == null) throw new UnusableException("invalid");
            return quantity == null ? price : price.multiply(quantity);
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Properties {
        @JsonAlias("orderId") @JsonProperty("order_id") public String orderId;
        @JsonAlias("ticketId") @JsonProperty("ticket_id") public String ticketId;
        @JsonAlias("conversationId") @JsonProperty("conversation_id") public String conversationId;
        public BigDecimal total;
        public BigDecimal revenue;
        public BigDecimal value;
        public String currency;
        public BigDecimal rating;
        public List<Line> products;
        public JsonNode coupon;
        public boolean reinstated;
    }

    EventName name() {
        return type == null || type.isEmpty() || type.equals("track") ? EventName.of(event) : EventName.of(type);
    }

    /** What two records of one event have in common: its name, its id, and the order or ticket that it is about. */
    String identity(EventName name) {
        String own = (char) ('A' + name.ordinal()) + id(messageId);
        if (name.isOrder()) return own + '\0' + orderId();
        return name.isTicket() ? own + '\0' + ticketId() : own;
    }

    String orderId() {
        return id(properties.orderId);
    }

    String ticketId() {
        String ticket = properties.ticketId;
        return id(ticket == null || ticket.isEmpty() ? properties.conversationId : ticket);
    }

    /** The amount of an order in cents. */
    long amount() {
        BigDecimal stated = stated();
        return stated == null ? sumOfLines() : cents(stated);
    }

    /** The amount of a refund in cents; -1 for all that is left. */
    long refund() {
        BigDecimal stated = stated();
        if (stated != null) return cents(stated.abs());
        return properties.products == null || properties.products.isEmpty() ? -1 : sumOfLines();
    }

    boolean hasCoupon() {
        JsonNode it = properties.coupon;
        if (it == null) return false;
        return it.isTextual() ? !it.asText().isBlank() : it.asBoolean() || !it.isEmpty();
    }

    /** The rating in hundredths. */
    int rating() {
        if (properties.rating == null) throw new UnusableException("invalid");
        int rating = hundredths(properties.rating).intValueExact();
        if (rating < 100 || rating > 500) throw new UnusableException("invalid");
        return rating;
    }

    private BigDecimal stated() {
        Properties it = properties;
        return it.total != null ? it.total : it.revenue != null ? it.revenue : it.value;
    }

    private long sumOfLines() {
        if (properties.products == null || properties.products.isEmpty()) throw new UnusableException("invalid");
        BigDecimal sum = BigDecimal.ZERO;
        for (Line it : properties.products) sum = sum.add(hundredths(it.amount()));
        return checked(sum);
    }

    private long cents(BigDecimal major) {
        return checked(hundredths(major));
    }

    private long checked(BigDecimal cents) {
        String currency = properties.currency;
        if (currency != null && !currency.isBlank() && !currency.strip().equalsIgnoreCase("USD")) {
            throw new UnusableException("unknown_currency");
        }
        if (cents.signum() < 0 || cents.compareTo(BigDecimal.valueOf(MAX_CENTS)) > 0) {
            throw new UnusableException("bad_amount");
        }
        return cents.longValueExact();
    }

    private static BigDecimal hundredths(BigDecimal number) {
        return number.movePointRight(2).setScale(0, RoundingMode.HALF_EVEN);
    }

    private static String id(String id) {
        if (id == null || id.isEmpty() || id.length() > MAX_ID) throw new UnusableException("invalid");
        return id;
    }
}
