"""Tests of menus."""
