"""What crosses the process's boundary."""
