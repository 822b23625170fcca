"""`akson bench`: how fast the journal is, beside the fastest that the same machine could do the same with the same data."""
