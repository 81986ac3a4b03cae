"""The page that shows a warehouse: one HTML file with all that it needs, and sums in place of rows."""

from .board import Board, NothingToShow, read_board
from .drawing import draw, draw_open
from .page import render

__all__ = ["Board", "NothingToShow", "draw", "draw_open", "read_board", "render"]
