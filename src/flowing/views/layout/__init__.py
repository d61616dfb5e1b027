"""A layered layout after Sugiyama: sizes and edges in, places out. Knows no task, no text and no colour.

Written here because grandalf, the one package for it in pure Python, is untyped, has had no release since 2023, and
raises the interpreter's recursion limit.
"""
