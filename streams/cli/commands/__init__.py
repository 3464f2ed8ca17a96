"""The words of the command line, one module each; every one exposes `command`."""
