"""What scores and rosters cost through our clients, beside PyLTI1p3's."""
