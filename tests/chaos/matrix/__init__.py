"""A small model of what a batch depends on, in which every step can be made to fail."""
