"""Mastery: evidence of what learners know, the level rules teachers choose, and predictions that only order paths."""
