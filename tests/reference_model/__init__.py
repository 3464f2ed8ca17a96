"""The rules of docs/semantics.md written a second time, naively, sharing no line with the product."""
