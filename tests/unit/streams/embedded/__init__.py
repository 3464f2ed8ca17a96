"""Partition groups: merging, positions, snapshots."""
