"""The data that cross a process boundary: events in; transitions, rejects and profiles out."""
