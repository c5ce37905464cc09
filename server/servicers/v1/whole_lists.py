"""Lists without pages: v1 gives them whole."""

import sys

from domain.shared.pages import PageRequest

WHOLE = PageRequest(size=sys.maxsize)
"""Asks for everything at once. For lists of the catalogue, which are short."""
