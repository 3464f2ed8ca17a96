"""Cases: what producers really send, as bytes, and the values that must come out of the backtest and of the stream."""
