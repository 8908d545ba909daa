"""Readers of competency frameworks: CASE packages, Moodle's and Canvas's CSV, our own. Pure: bytes in, values out."""
