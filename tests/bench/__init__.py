"""The benchmarks run, at a size that says nothing about speed."""
