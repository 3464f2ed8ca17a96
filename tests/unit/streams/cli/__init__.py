"""The commands, as far as they need no server."""
