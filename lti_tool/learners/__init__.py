"""What a learner says of themselves, and the supports they have."""
