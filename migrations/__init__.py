"""The database, step by step: one straight line of revisions, each of which works with the code before and after it."""
