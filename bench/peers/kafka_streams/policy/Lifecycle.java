package policy;

/** The stage of a customer. */
final class Lifecycle {
    static Stage stage(Customer customer, Figures figures, OrderBook.Effect effect) {
        if (figures.orders == 0) return Stage.PROSPECT;
        // Who is silent comes back by an order, or when one is undone, and not by anything else.
        boolean stays = effect == OrderBook.Effect.NONE;
        if (stays && customer.stage == Stage.CHURNED) return Stage.CHURNED;
        if (figures.isReached(figures.churn)) return Stage.CHURNED;
        if (stays && customer.stage == Stage.AT_RISK) return Stage.AT_RISK;
        if (figures.isReached(figures.patience)) return Stage.AT_RISK;
        if (figures.occasions < 2) return Stage.NEW;
        return customer.isLoyal() ? Stage.LOYAL : Stage.REPEAT;
    }

    static String why(Customer customer, Figures figures, Stage before) {
        if (customer.stage.silence() > 0) {
            long limit = customer.stage == Stage.CHURNED ? figures.churn : figures.patience;
            String rhythm = figures.occasions < 2 ? "one occasion" : "3 x the usual gap, 21 to 120 days";
            return "days_since_order " + Time.days(figures.silence) + " >= " + Time.days(limit) + " (" + rhythm
                    + (figures.isDispleased() ? ", halved: displeased" : "") + ")";
        }
        if (customer.stage == Stage.LOYAL || before == Stage.LOYAL) return Loyalty.why(figures);
        return "occasions " + figures.occasions;
    }

    private Lifecycle() {}
}
