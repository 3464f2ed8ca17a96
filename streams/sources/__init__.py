"""Sources of recorded events: real data sets, files, and a simulated shop."""
