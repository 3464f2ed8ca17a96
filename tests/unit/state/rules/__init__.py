"""Unit tests of ``state/rules``: no server."""
