"""What is remembered of one customer: the aggregates, and what was decided from them."""
