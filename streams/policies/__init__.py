"""The topic of policies: publishing one, reading them, and following it."""
