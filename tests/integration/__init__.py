"""The shipped worker on real brokers, against the backtest of the same events."""
