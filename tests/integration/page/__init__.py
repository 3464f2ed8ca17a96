"""The page in a real browser, before a real server, worker, broker and Redis."""
