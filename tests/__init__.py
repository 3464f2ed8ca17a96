"""The tests: ``unit`` mirrors the packages, ``laws`` hold for any history, the others run several parts together."""
