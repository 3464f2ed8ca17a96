"""Simulated businesses: what customers of a shop, a grocer, a software house, a club and a car maker do."""
