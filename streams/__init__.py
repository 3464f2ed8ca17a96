"""The outside world: Kafka, Redis, the web server, the command line. The only package that reads a clock."""
