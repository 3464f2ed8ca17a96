"""Customers over HTTP: as of now, from what the workers write to Redis."""
