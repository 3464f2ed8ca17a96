"""The verbs, with fakes for what they are given."""
