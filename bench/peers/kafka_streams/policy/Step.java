package policy;

/** The steps of the ladder of value, the best first. No step is null. */
enum Step {
    CORE(14 * Time.DAY) {
        @Override
        boolean isEntered(Figures it) {
            return it.orders > 0 && it.score >= 9 && it.silence <= 60 * Time.DAY;
        }

        @Override
        boolean isLeft(Figures it) {
            return it.orders > 0 && (it.score <= 7 || it.silence > 90 * Time.DAY);
        }
    },
    STRATEGIC(0) {
        @Override
        boolean isEntered(Figures it) {
            return it.orders > 0 && it.score >= 6 && it.silence <= 105 * Time.DAY;
        }

        @Override
        boolean isLeft(Figures it) {
            return it.orders > 0 && (it.score <= 4 || it.silence > 120 * Time.DAY);
        }
    },
    LONG_TAIL(0) {
        @Override
        boolean isEntered(Figures it) {
            return it.orders > 0;
        }

        @Override
        boolean isLeft(Figures it) {
            return it.orders == 0;
        }
    };

    static final String LADDER = "tier";
    static final String LADDER_NAME = "Value tier";
    private static final Step[] ALL = values();

    final String key = name().toLowerCase();
    private final long stay;

    Step(long stay) {
        this.stay = stay;
    }

    abstract boolean isEntered(Figures it);

    abstract boolean isLeft(Figures it);

    /** The step on which the customer is from now on: a better one at once, a worse one when theirs is left. */
    static Step of(Customer customer, Figures figures) {
        Step now = customer.step;
        for (Step better : ALL) {
            if (better == now) break;
            if (better.isOpen(figures)) return better;
        }
        if (now == null || figures.at < now.freed(customer) || !now.isLeft(figures)) return now;
        for (int place = now.ordinal() + 1; place < ALL.length; place++) {
            if (ALL[place].isOpen(figures)) return ALL[place];
        }
        return null;
    }

    static String direction(Step from, Step to) {
        if (from == null) return "entered";
        return to == null ? "left" : to.ordinal() < from.ordinal() ? "climbed" : "fell";
    }

    static String key(Step step) {
        return step == null ? "none" : step.key;
    }

    static String why(Figures it) {
        if (it.orders == 0) return "frequency_score is not known";
        return "frequency_score + monetary_score " + it.score + " (" + it.orders365 + " orders and "
                + it.revenue365 / 100.0 + " in a year); days_since_order " + Time.days(it.silence);
    }

    /** The end of the shortest stay. */
    long freed(Customer customer) {
        return customer.stepSince + stay;
    }

    private boolean isOpen(Figures figures) {
        return isEntered(figures) && !isLeft(figures);
    }
}
