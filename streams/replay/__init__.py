"""Replays: recorded events produced into the input topics, in order of event time."""
