"""Mappings: records of another shape, read as events by what a TOML file says of their columns or paths."""
