"""Tests of the playlists."""
