"""Checks: short tests of the tool's own, whose answers are evidence: a bank of questions, what is asked, what was answered."""
