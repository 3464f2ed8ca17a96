"""Tests of the mappings."""
