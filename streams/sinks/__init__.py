"""Where committed profiles are written for others to read."""
