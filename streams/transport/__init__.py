"""Transport: partition groups, from the records fetched to the batch committed, and whatever dies on the way."""
