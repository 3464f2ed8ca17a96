"""The laws of the customer core, over histories that Hypothesis makes up."""
