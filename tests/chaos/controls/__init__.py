"""Workers that are wrong on purpose: a harness that passes one of them is of no use."""
