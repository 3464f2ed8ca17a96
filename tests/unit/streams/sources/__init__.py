"""Sources: what each of them brings."""
