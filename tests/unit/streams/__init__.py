"""Unit tests of ``streams``, without a server."""
