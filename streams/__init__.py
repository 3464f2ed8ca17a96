"""The places: Kafka, Redis, the web, the command line. The only package that knows a clock."""
