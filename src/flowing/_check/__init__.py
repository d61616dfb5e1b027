"""The wiring rules of the type checkers at run time, in parts. `flowing.check` is the way in."""
