// A part of the page that is asked for again keeps what its reader has opened in it, whom they look for, and the place of the
// keyboard's focus.
{
  // Where an element stands: which of its kind below the nearest thing with a name.
  const place = (element) => {
    const named = element.parentElement.closest("[id]");
    return { id: element.id, named: named?.id, tag: element.localName, index: named ? [...named.querySelectorAll(element.localName)].indexOf(element) : -1 };
  };
  const find = ({ id, named, tag, index }) =>
    (id && document.getElementById(id)) || (named && document.getElementById(named)?.querySelectorAll(tag)[index]) || null;

  let kept = null;

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part?.matches?.("[data-refresh-on-return]") || !event.detail.shouldSwap) return;
    if (part.querySelector("form[data-sent]")) {
      event.detail.shouldSwap = false;
      return;
    }
    const focused = document.activeElement;
    kept = {
      part: part.id,
      open: [...part.querySelectorAll("details[open]")].map(place),
      looked: [...part.querySelectorAll("input[data-filter]")].filter((field) => field.value).map((field) => [place(field), field.value]),
      caret: focused?.matches?.("input[data-filter]") ? focused.selectionStart : null,
      focus: focused && focused !== part && part.contains(focused) ? place(focused) : null,
    };
  });

  document.addEventListener("htmx:load", (event) => {
    if (!kept || event.target.id !== kept.part) return;
    for (const details of kept.open.map(find)) if (details) details.open = true;
    for (const [where, value] of kept.looked) {
      const field = find(where);
      if (!field) continue;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const focused = kept.focus && find(kept.focus);
    focused?.focus({ preventScroll: true });
    if (focused && kept.caret !== null) focused.setSelectionRange?.(kept.caret, kept.caret);
    kept = null;
  });

  // Nobody looks at a hidden page: it asks for nothing by itself, and its session may end.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.matches?.('[hx-trigger^="every"]')) event.preventDefault();
  });
}
