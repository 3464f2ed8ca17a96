"""What can be seen of a running worker: metrics and health pages."""
