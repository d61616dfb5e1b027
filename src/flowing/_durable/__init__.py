"""Joins a flow to its store: what is written when, and what a stored run comes back as. Nothing of a file."""
