"""The demo: a year of customers through real servers and a real worker, and the picture of it."""
