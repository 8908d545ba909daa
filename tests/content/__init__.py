"""Tests of the course's own content."""
