"""Faults against real workers, and the oracle that judges what they published."""
