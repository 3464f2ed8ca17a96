"""The condition language: from text to a compiled test that knows its own future."""
