"""What a teacher sees of a class, and a learner of themselves: boards and pages over competencies and mastery."""
