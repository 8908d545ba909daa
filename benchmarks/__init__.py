"""Measurements. They print figures; no test asserts a time."""
