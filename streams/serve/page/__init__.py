"""The page: customers, what happens to them and why, for people in a browser."""
