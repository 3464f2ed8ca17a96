"""Unit tests of ``agents``, with fakes for its ports."""
