"""What becomes of scores when processes are killed, databases end and LMSs misbehave."""
