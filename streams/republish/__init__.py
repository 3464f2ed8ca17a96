"""Republishing: the members of a segment are told again, for a reader of the transitions that comes later."""
