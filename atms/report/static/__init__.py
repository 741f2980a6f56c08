"""The page without a browser: a PDF and a picture, drawn by matplotlib from the same contents."""

from atms.report.static.document import pdf, png

__all__ = ["pdf", "png"]
