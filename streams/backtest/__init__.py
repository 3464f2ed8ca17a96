"""Backtests: the rules applied to events on disk, without Kafka."""
