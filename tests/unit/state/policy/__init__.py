"""Unit tests of ``state/policy``: no server."""
