package policy;

/** The next step of the lifecycle if nothing happens, null if none comes. */
record Expected(String transition, long at) {
    private static final Expected NOTHING = new Expected(null, Time.NEVER);

    static Expected of(Customer customer, Figures it) {
        if (it.orders == 0 || customer.stage == Stage.CHURNED) return NOTHING;
        long churn = it.reaches(it.churn);
        long risk = customer.stage.silence() == 0 ? it.reaches(it.patience) : Time.NEVER;
        Expected silent = risk < churn ? new Expected(Stage.AT_RISK.key, risk) : new Expected(Stage.CHURNED.key, churn);
        if (customer.stage != Stage.LOYAL) return silent;
        long lapse = Loyalty.lapse(customer, it);
        return lapse < silent.at ? new Expected("loyalty_lapsed", lapse) : silent;
    }
}
