"""Unit tests of the intake."""
