"""How a declaration becomes a task, in parts. `flowing.task` is the way in."""
