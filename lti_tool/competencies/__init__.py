"""Competency maps: frameworks a school shares, the map each course picks from them, prerequisites and alignments."""
