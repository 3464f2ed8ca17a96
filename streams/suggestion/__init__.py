"""A mapping proposed for a file that nobody has mapped yet, and what is not sure about it."""
