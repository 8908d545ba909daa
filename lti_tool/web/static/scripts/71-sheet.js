// A sheet of observations by number keys: <form data-sheet> with a <fieldset data-student> for each student and radio buttons
// with data-key. A number presses its button and goes on; arrow up and down go from student to student. Without this script
// the sheet is a form with radio buttons.
{
  const rowOf = (node) => node.closest?.("[data-student]");
  const typing = (node) => node.matches("input:not([type=radio]), textarea, select");
  const enter = (row) => (row.querySelector("input[type=radio]:checked") ?? row.querySelector("input[type=radio]")).focus();

  document.addEventListener("keydown", (event) => {
    const sheet = event.target.closest?.("[data-sheet]");
    const row = sheet && rowOf(event.target);
    if (!row || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...sheet.querySelectorAll("[data-student]")];
    const next = rows[rows.indexOf(row) + 1];
    const before = rows[rows.indexOf(row) - 1];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      // Left and right stay with the buttons of one student.
      event.preventDefault();
      const other = event.key === "ArrowDown" ? next : before;
      if (other) enter(other);
      return;
    }
    const button = /^[0-9]$/.test(event.key) && row.querySelector(`[data-key="${event.key}"]`);
    if (!button) return;
    event.preventDefault();
    button.checked = true;
    button.dispatchEvent(new Event("change", { bubbles: true }));
    page.announce(`${row.querySelector("legend").firstChild.textContent.trim()}: ${button.closest("label").textContent.trim()}`);
    if (next) enter(next);
    else sheet.querySelector('button[type="submit"], button:not([type])')?.focus();
  });
}
