// A form is sent once: while it is on its way, its buttons say so and do nothing.
{
  const free = (form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("aria-busy", "true");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) free(form);
  });

  // Back from the browser's memory: the form may be sent again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));

  document.querySelector("[data-focus]")?.focus();

  // "Select all" within a group: <input type="checkbox" data-select-all="#group">.
  document.addEventListener("change", (event) => {
    const selector = event.target.dataset?.selectAll;
    if (!selector) return;
    for (const box of document.querySelectorAll(`${selector} input[type="checkbox"]`)) {
      if (box !== event.target && !box.disabled && !box.closest("[hidden]")) box.checked = event.target.checked;
    }
  });

  // Narrow a long list by what is typed: <input data-filter="#list">; the list's items or rows are hidden that lack it.
  document.addEventListener("input", (event) => {
    const selector = event.target.dataset?.filter;
    if (!selector) return;
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const item of document.querySelectorAll(`${selector} [data-filtered], ${selector} tbody > tr`)) {
      item.hidden = Boolean(wanted) && !item.textContent.toLocaleLowerCase().includes(wanted);
    }
  });

  // A field that only matters with another's value: <div data-shown-with="name=value">.
  const show = () => {
    for (const part of document.querySelectorAll("[data-shown-with]")) {
      const [name, value] = part.dataset.shownWith.split("=");
      const scope = part.closest("form") ?? document;
      const chosen = [...scope.querySelectorAll(`[name="${CSS.escape(name)}"]`)].some((field) =>
        field.type === "radio" || field.type === "checkbox" ? field.checked && field.value === value : field.value === value,
      );
      part.hidden = !chosen;
    }
  };
  document.addEventListener("change", show);
  document.addEventListener("htmx:load", show);
  show();
}

// A way back, where there is somewhere to go back to.
for (const button of document.querySelectorAll("[data-back]")) {
  button.hidden = history.length < 2;
  button.addEventListener("click", () => history.back());
}
