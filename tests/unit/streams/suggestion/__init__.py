"""Tests of the proposed mappings."""
