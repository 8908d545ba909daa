"""Playlists, choice menus and mastery tracking inside an LMS, over LTI 1.3 Advantage."""

__version__ = "0.1.0"
