"""The commands, one module each, which exposes it as ``command``."""
