"""The look-up over HTTP: customers as they are at the moment of asking, from the mirror, beside the workers."""
