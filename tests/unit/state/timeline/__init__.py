"""Order, corrections and snapshots."""
