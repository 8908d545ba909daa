// Marking by keyboard: a number chooses that level of the criterion that has the focus, and the focus goes on to the next one.
{
  const groups = (form) => [...form.querySelectorAll("fieldset")].filter((one) => one.querySelector('input[type="radio"]'));

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-marks]");
    if (!form || !event.target.matches('input[type="radio"]') || event.ctrlKey || event.altKey || event.metaKey) return;
    const number = Number.parseInt(event.key, 10);
    const group = event.target.closest("fieldset");
    const level = number ? group.querySelectorAll('input[type="radio"]')[number - 1] : null;
    if (!level) return;
    event.preventDefault();
    level.checked = true;
    level.dispatchEvent(new Event("change", { bubbles: true }));
    const all = groups(form);
    const next = all[all.indexOf(group) + 1];
    (next?.querySelector('input[type="radio"]:checked, input[type="radio"]') ?? form.querySelector("textarea[name=words]"))?.focus();
  });

  const begin = () => {
    const form = document.querySelector("form[data-marks]");
    if (!form) return;
    for (const hint of form.querySelectorAll("[data-keys]")) hint.hidden = false;
  };
  begin();
  document.addEventListener("page:shown", begin);
}
