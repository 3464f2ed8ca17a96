"""Unit tests of ``schemas``."""
