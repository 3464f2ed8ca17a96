"""The policy: its shape, its text with the place of every error, and what it says in words."""
