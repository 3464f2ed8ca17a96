"""Forgetting: requests that customers are forgotten, what has come of them, and what is still kept elsewhere."""
