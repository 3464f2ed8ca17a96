"""Republishing."""
