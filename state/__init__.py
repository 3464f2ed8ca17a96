"""The rules: pure functions over one customer. No Kafka, no clock, no environment."""
