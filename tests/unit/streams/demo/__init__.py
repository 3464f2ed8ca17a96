"""The demo's picture."""
