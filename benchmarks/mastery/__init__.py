"""How well and how fast answers are predicted, beside pyBKT; how fast the class board is there."""
