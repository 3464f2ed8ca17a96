package policy;

/** The stages of the lifecycle: the first that fits is the customer's. */
enum Stage {
    CHURNED("churned", "won_back"),
    AT_RISK("at_risk", "recovered"),
    LOYAL("became_loyal", "loyalty_lapsed"),
    NEW("acquired", "repeated"),
    REPEAT("repeated", "left_repeat"),
    PROSPECT("prospect", "left_prospect");

    final String key = name().toLowerCase();
    private final String entered;
    private final String left;

    Stage(String entered, String left) {
        this.entered = entered;
        this.left = left;
    }

    /** How long the silence of these customers is: 0, or 1 at risk, or 2 churned. */
    int silence() {
        return this == CHURNED ? 2 : this == AT_RISK ? 1 : 0;
    }

    /** The name of the step to another stage. */
    String stepTo(Stage next, boolean undone) {
        if (undone && next.silence() <= silence()) return "reverted";
        return next.ordinal() < ordinal() ? next.entered : left;
    }
}
