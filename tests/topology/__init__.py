"""One partition group as a value: bytes in, bytes out, the clock moved by hand."""
