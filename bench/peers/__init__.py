"""Small honest programs that do one job each in its own framework, with its usual settings."""
