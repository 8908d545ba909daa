"""What comes next on a personal path, and why. Pure: no database, no clock, no framework."""
