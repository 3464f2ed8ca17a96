"""The customer core: what is remembered of a customer and what is decided. No Kafka, no clock, no I/O."""
