"""Benchmarks: one question a module, each answered beside a peer in the same run, as a ratio."""
