"""Open edX's LTI consumer, in its own process and environment, plays the platform we did not write."""
