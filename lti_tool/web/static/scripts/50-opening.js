// Dialogs, menus, and steps that lead out of the tool.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
  if (window.parent !== window) {
    // A frame can be taller than the screen, and its middle out of sight: the dialog opens where the button was pressed.
    const top = opener.getBoundingClientRect().top - dialog.offsetHeight / 2;
    const lowest = document.documentElement.clientHeight - dialog.offsetHeight - 16;
    dialog.style.marginBlockStart = `${Math.max(16, Math.min(top, lowest))}px`;
  }
  dialog.addEventListener("close", () => opener.focus(), { once: true });
});

// A press beside a dialog closes it; the dialog itself receives the press only on its backdrop.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Opening a step is recorded beside the navigation, never in its way: `keepalive` outlives the page.
{
  let left = false;

  const record = (event) => {
    const link = event.target.closest?.("a[data-opens]");
    if (!link || (event.type === "auxclick" && event.button !== 1)) return;
    left = true;
    page.post(link.dataset.opens, { session: page.meta("lti-session") }, { keepalive: true }).catch(() => {
      // The step opens all the same; the student can still mark it.
    });
  };
  document.addEventListener("click", record);
  document.addEventListener("auxclick", record);

  // Coming back is when a result may have arrived: the part that shows progress is asked for again.
  const refresh = () => {
    if (document.visibilityState !== "visible" || !left || !window.htmx) return;
    left = false;
    if (document.querySelector("dialog[open], form[data-sent]")) return;
    for (const part of document.querySelectorAll("[data-refresh-on-return]")) {
      const address = part.dataset.refreshOnReturn || location.pathname + location.search;
      window.htmx.ajax("GET", address, { target: part, select: `#${CSS.escape(part.id)}`, swap: "outerHTML" })
        .then(() => page.announce(page.phrase("updated")));
    }
  };
  document.addEventListener("visibilitychange", () => {
    // In a frame the page does not always hear that it was left; seeing it again is enough.
    if (document.visibilityState === "hidden") left = true;
    else setTimeout(refresh, 300);
  });
  window.addEventListener("focus", () => setTimeout(refresh, 300));
}
