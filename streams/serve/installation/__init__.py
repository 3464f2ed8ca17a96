"""The installation: its policy in words, its workers, and what it rejects, over HTTP."""
