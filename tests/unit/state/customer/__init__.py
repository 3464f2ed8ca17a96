"""What is remembered of a customer."""
