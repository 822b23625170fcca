"""Nødlisten: what a ward must know when the journal is away, sealed for each of its devices ahead of time."""
