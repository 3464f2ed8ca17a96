"""The backtest on one process and on several."""
