"""Tests of lti_tool.learners."""
