"""Benchmarks: one question a module, measured beside a peer in the same run and reported as a ratio."""
