"""A whole course read from its LMS: requests, seconds, memory."""
