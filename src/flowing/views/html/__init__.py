"""The report: one HTML file that needs nothing else, made of a picture. No script, no reference, no file written."""

from flowing.views.html.page import html

__all__ = ["html"]
