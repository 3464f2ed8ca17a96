"""The pace of a replay."""
