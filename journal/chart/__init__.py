"""Pages that show several contexts at once: the chart overview and my list. Owns no table."""
