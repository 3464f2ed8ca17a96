"""The policy: its shape, its text with the place of every error, its compiled form, and its summary in words."""
