"""Courses brought in by files, with no rights at all: cartridges, Canvas exports, Moodle backups."""
