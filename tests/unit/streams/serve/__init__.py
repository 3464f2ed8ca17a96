"""Tests of streams/serve/: what is the same for every request to the server."""
