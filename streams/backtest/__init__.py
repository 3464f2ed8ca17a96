"""Backtests: the rules applied to recorded events, without Kafka."""
