"""The tests: ``unit`` mirrors the packages, ``laws`` hold for any history, the rest runs the whole product."""
