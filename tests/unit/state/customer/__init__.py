"""Unit tests of ``state/customer``: no server."""
