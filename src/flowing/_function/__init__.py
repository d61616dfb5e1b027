"""A flow as a plain function, for agent frameworks to take for a tool, in parts. `Flow.as_function` is the way in."""
