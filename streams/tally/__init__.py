"""What became of the events of a feed: the counts with an example each, as a table and as a sentence."""
