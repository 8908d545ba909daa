"""Competency frameworks, maps and alignments."""
