"""What crosses a process boundary: events in, transitions and rejects out, profiles."""
