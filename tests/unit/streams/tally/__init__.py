"""The tally, its table and its sentences."""
