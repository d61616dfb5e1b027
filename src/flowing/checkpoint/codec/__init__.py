"""Values of tasks to bytes and back. Knows no file."""
