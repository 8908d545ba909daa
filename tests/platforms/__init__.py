"""Tests of what differs between platforms."""
