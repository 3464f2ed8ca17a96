"""Partition groups: from the records fetched to the batch committed, and recovery from every failure between."""
