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
    if (navigator.onLine === false) {
      // The browser would put its own page in place of this one, and what was entered would be gone.
      event.preventDefault();
      page.complain(page.phrase("offline"));
      return;
    }
    // What opens beside this page leaves it as it is, to be pressed again if that was closed.
    if (form.target === "_blank") return;
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    event.submitter?.setAttribute("aria-busy", "true");
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || navigator.onLine !== false || event.defaultPrevented || link.origin !== location.origin || link.target) return;
    if (link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    page.complain(page.phrase("offline"));
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) free(form);
  });
  document.addEventListener("page:answered", (event) => free(event.target));

  // Back from the browser's memory: the form may be sent again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));

  // Browsers ignore `autofocus` in another site's frame. A frame that has the focus may place it; no other is given it.
  const focus = () => (document.querySelector("[data-focus]") ?? (document.hasFocus() ? document.querySelector("[autofocus]") : null))?.focus();
  focus();
  document.addEventListener("page:shown", focus);

  // "Select all": <input type="checkbox" data-select-all="SELECTOR">, of the boxes themselves or of a group they are in.
  document.addEventListener("change", (event) => {
    const selector = event.target.dataset?.selectAll;
    if (!selector) return;
    for (const box of document.querySelectorAll(`${selector}, ${selector} input`)) {
      if (box.type === "checkbox" && box !== event.target && !box.disabled && !box.closest("[hidden]")) box.checked = event.target.checked;
    }
  });

  // How many are chosen: <span data-count="selector" data-words="{count} chosen">, out of sight while there are none.
  const count = () => {
    for (const part of document.querySelectorAll("[data-count]")) {
      const number = document.querySelectorAll(part.dataset.count).length;
      part.hidden = number === 0;
      part.textContent = part.dataset.words.replace("{count}", new Intl.NumberFormat(document.documentElement.lang || undefined).format(number));
    }
  };
  document.addEventListener("change", count);
  document.addEventListener("htmx:load", count);

  // Narrow a long list by what is typed: <input data-filter="#list">; the list's items or rows are hidden that lack it.
  document.addEventListener("input", (event) => {
    const selector = event.target.dataset?.filter;
    if (!selector) return;
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const item of document.querySelectorAll(`${selector} [data-filtered], ${selector} tbody > tr`)) {
      item.hidden = Boolean(wanted) && !item.textContent.toLocaleLowerCase().includes(wanted);
    }
  });

  // Enter in such a field looks for somebody; it does not send the form around it.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.dataset?.filter) event.preventDefault();
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
{
  const offer = () => {
    for (const button of document.querySelectorAll("[data-back]")) button.hidden = history.length < 2;
  };
  offer();
  document.addEventListener("page:shown", offer);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-back]")) history.back();
  });
}
