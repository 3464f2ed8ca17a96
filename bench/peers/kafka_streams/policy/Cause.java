package policy;

/** Why something changes: an event by its name and messageId, or time alone. */
record Cause(String event, String messageId) {
    static final Cause TIME = new Cause(null, null);

    String kind() {
        return event == null ? "deadline" : "event";
    }

    /** The deadline, null if it is an event. */
    String deadline(String deadline) {
        return event == null ? deadline : null;
    }
}
