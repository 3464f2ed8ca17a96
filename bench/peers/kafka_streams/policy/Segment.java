package policy;

/** The segments. */
enum Segment {
    LAPSED_HIGH_VALUE("Lapsed high value", 0) {
        @Override
        boolean isEntered(Customer customer, Figures it) {
            return it.revenue365 >= 30_000 && customer.stage.silence() > 0;
        }

        @Override
        boolean isLeft(Customer customer, Figures it) {
            return customer.stage.silence() == 0 || it.revenue365 < 15_000;
        }

        @Override
        String why(Customer customer, Figures it) {
            return "revenue_365d " + it.revenue365 / 100.0 + " (300, then 150); stage " + customer.stage.key;
        }
    },
    DISCOUNT_SEEKERS("Discount seekers", 14 * Time.DAY) {
        @Override
        boolean isEntered(Customer customer, Figures it) {
            return it.orders90 >= 3 && 2 * it.coupons90 >= it.orders90;
        }

        @Override
        boolean isLeft(Customer customer, Figures it) {
            return it.orders90 == 0 || 4 * it.coupons90 < it.orders90;
        }

        @Override
        String why(Customer customer, Figures it) {
            return "coupons_90d " + it.coupons90 + " (half of the orders, then a quarter); orders_90d " + it.orders90;
        }
    },
    WINDOW_SHOPPERS("Window shoppers", 0) {
        @Override
        boolean isEntered(Customer customer, Figures it) {
            return it.sessions30 >= 3 && it.views30 >= 10 && it.orders30 == 0;
        }

        @Override
        boolean isLeft(Customer customer, Figures it) {
            return it.orders30 > 0 || it.sessions30 == 0;
        }

        @Override
        String why(Customer customer, Figures it) {
            return "sessions_30d " + it.sessions30 + "; views_30d " + it.views30 + "; orders_30d " + it.orders30;
        }
    },
    UNHAPPY("Unhappy customers", 2 * Time.DAY) {
        @Override
        boolean isEntered(Customer customer, Figures it) {
            return (it.ratings30 > 0 && it.ratingSum30 <= 200L * it.ratings30)
                    || (it.hasTicket() && it.ticketAge > 3 * Time.DAY);
        }

        @Override
        boolean isLeft(Customer customer, Figures it) {
            return (it.ratings30 == 0 || it.ratingSum30 >= 300L * it.ratings30)
                    && (!it.hasTicket() || it.ticketAge <= Time.DAY);
        }

        @Override
        String why(Customer customer, Figures it) {
            String rating = it.ratings30 == 0 ? "is not known" : "" + it.ratingSum30 / 100.0 / it.ratings30;
            String ticket = it.hasTicket() ? "" + Time.days(it.ticketAge) : "is not known";
            return "average_rating_30d " + rating + "; oldest_ticket_days " + ticket;
        }
    },
    BUSINESS("Business customers", 0) {
        @Override
        boolean isEntered(Customer customer, Figures it) {
            return "\"business\"".equals(customer.traits.get("kind"));
        }

        @Override
        boolean isLeft(Customer customer, Figures it) {
            return !isEntered(customer, it);
        }

        @Override
        String why(Customer customer, Figures it) {
            return "kind " + customer.traits.get("kind");
        }
    };

    static final Segment[] ALL = values();

    final String key = name().toLowerCase();
    final String title;
    final boolean hasStay;
    private final long stay;

    Segment(String title, long stay) {
        this.title = title;
        this.stay = stay;
        hasStay = stay > 0;
    }

    abstract boolean isEntered(Customer customer, Figures it);

    abstract boolean isLeft(Customer customer, Figures it);

    abstract String why(Customer customer, Figures it);

    /** Let the customer join or leave; tell whether they did. */
    boolean decide(Customer customer, Figures figures) {
        if (!customer.isIn(this)) {
            if (!isEntered(customer, figures) || isLeft(customer, figures)) return false;
            customer.joined[ordinal()] = figures.at;
            return true;
        }
        if (figures.at < freed(customer) || !isLeft(customer, figures)) return false;
        customer.joined[ordinal()] = Time.NEVER;
        return true;
    }

    /** The end of the shortest stay of a member. */
    long freed(Customer customer) {
        return customer.joined[ordinal()] + stay;
    }
}
