"""What runs behind the pages: a nudge says that something may be due, and a runner looks."""
