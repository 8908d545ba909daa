// What somebody typed is not lost by pressing something else. A form with `data-unsaved` (what it is, in words) that was typed into
// holds back other forms and links once, and says so; whoever presses again goes on without it.
// A page that was left alone for long may have lost its session: before a form is sent then, the server is asked.
{
  const STALE = 5 * 60 * 1000;
  const touched = new Set();
  let warned = false;
  let fresh = Date.now();

  const typed = (field) =>
    field.isConnected && !field.disabled && !field.closest("[hidden]") &&
    (field instanceof HTMLSelectElement
      ? [...field.options].some((one) => one.selected !== one.defaultSelected)
      : field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

  const unsaved = (but) => {
    for (const field of touched) {
      if (typed(field) && field.form && field.form !== but) return field.form;
    }
    return null;
  };

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const field = event.target;
      if (!field.name || !field.form?.dataset.unsaved) return;
      touched.add(field);
      warned = false;
    });
  }

  // True where it was held back.
  const hold = (event, but) => {
    const form = warned ? null : unsaved(but);
    if (!form) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    warned = true;
    page.complain(page.phrase("unsaved", { what: form.dataset.unsaved }));
    return true;
  };

  const isOurs = (form) => form.method === "post" && !form.target && !form.matches("[hx-post], [hx-get]");

  window.addEventListener("submit", (event) => {
    const form = event.target;
    if (!isOurs(form) || form.dataset.sent || hold(event, form)) return;
    if (Date.now() - fresh < STALE || navigator.onLine === false || page.token()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    form.setAttribute("aria-busy", "true");
    fetch(document.querySelector(".top__home")?.href ?? location.href, { headers: page.headers(), credentials: "same-origin", cache: "no-store" })
      .then((answer) => {
        if (answer.status === 401 || answer.status === 409) return page.complain(page.phrase("sessionEnded"));
        fresh = Date.now();
        return form.requestSubmit(submitter);
      })
      .catch(() => page.complain(""))
      .finally(() => form.removeAttribute("aria-busy"));
  }, true);

  window.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    hold(event, null);
  }, true);

  document.addEventListener("page:shown", () => {
    touched.clear();
    warned = false;
    fresh = Date.now();
  });
}
