"""Reading whole courses from the platform: once at a time each, in bounded memory, and again after every failure."""
