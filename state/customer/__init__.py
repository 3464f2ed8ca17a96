"""A customer in memory and as bytes: the aggregates, and what was decided from them."""
