"""The verbs: what is done with a batch, given its ports."""
