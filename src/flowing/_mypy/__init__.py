"""How the mypy plugin reads a declaration and judges it, in parts. `flowing.mypy_plugin` is the way in."""
