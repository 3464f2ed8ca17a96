"""The demo: a year of customers through real servers and a real worker, and a report in the terminal."""
