"""Akson journal: one shared health record for the municipalities of Norway."""
