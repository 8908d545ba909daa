"""How well and how fast answers are predicted, beside pyBKT."""
