"""Cases that are paired with one of the two databases, not told on each.

What a message, an address or a role comes to is decided before any statement, and the statements are the same in every case: some
test of the file makes them on both databases. Odd words go to PostgreSQL, which refuses more: zeros in text, text that is too
long, numbers that are too large.
"""

import pytest

on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("database_kind", ["postgresql"])
