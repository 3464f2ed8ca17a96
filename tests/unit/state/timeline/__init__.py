"""Unit tests of ``state/timeline``: no server."""
