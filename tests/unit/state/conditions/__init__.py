"""The policy's language: parsing, evaluation, generated code."""
