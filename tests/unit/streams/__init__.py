"""The places, without a server."""
