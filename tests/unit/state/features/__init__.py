"""Unit tests of ``state/features``: no server."""
