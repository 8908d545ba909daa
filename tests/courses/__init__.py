"""Tests of courses, people and who may see what."""
