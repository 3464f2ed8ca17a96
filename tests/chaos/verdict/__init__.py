"""Judging a run from what its topics hold, with the oracle's rules and none of the product's code."""
