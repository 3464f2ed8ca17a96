"""Unit tests of ``state/conditions``: no server."""
