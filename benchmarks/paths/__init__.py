"""What personal paths cost, and how good they are."""
