"""Sources: the events of each."""
