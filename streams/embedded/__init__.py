"""Servers for a laptop: an embedded Kafka broker and a Redis-compatible server, run as child processes."""
