"""Mistakes in wiring by name, which only mypy with the plugin finds. Checked, never run; marked, see `checkers`."""
