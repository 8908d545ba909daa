"""How fast scores get from the ledger into an LMS, and how long a student's click takes to be in its gradebook."""
