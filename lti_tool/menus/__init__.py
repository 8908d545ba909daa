"""Menus: choice boards whose rule says what makes a choice complete; what students chose, made and handed in; marks by rubric."""
