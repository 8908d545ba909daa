"""Pure rules of menus: what makes a choice complete, what a rubric's marks are worth."""
