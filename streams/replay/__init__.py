"""Replays: recorded events produced into the input topics, in the order of their event time."""
