"""The decisions: the lifecycle stage and the segments of one customer, under one policy."""
