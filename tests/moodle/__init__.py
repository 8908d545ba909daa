"""The whole story against a counterpart that behaves as a Moodle 4.5.6 was seen to."""
