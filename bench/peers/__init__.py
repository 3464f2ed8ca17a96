"""The same small job in other stream processors, each with its usual settings."""
