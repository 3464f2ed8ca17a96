"""What is decided: the lifecycle stage and the segments of one customer, under one policy."""
