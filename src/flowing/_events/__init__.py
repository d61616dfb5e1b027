"""What a run did, as a list of events: kept, written down, read back, and played again. Nothing here runs a task."""
