"""The push of transitions."""
