// The builder: an item of the course is dragged from the picker into the list of steps, where the list's own buttons move it on;
// the picker's checkboxes and its button do the same. Control and Z takes the last change back where no field has the focus.
{
  const entries = (list) => [...list.querySelectorAll(":scope > [data-id]")];

  // Behind everything is the end of the last section.
  const last = (list) => entries(list).filter((one) => one.querySelector(".builder__heading")).at(-1)?.dataset.id ?? "none";

  const add = (list, item, before) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = list.dataset.reorder.replace(/\/order$/, "/steps");
    form.hidden = true;
    const fields = { session: page.meta("lti-session"), revision: list.dataset.revision, item, before, section: before ? "" : last(list) };
    for (const [name, value] of Object.entries(fields)) {
      if (!value) continue;
      const field = document.createElement("input");
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.getElementById("main").append(form);
    form.requestSubmit();
  };

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.("[data-drop-handle]");
    const item = handle?.closest("[data-drops]");
    const list = document.querySelector("[data-reorder]");
    if (!item || !list || event.button !== 0) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const place = document.createElement("li");
    place.className = "reorder__item reorder__item--moving reorder__item--new";
    place.textContent = item.dataset.title;

    const move = (moved) => {
      const box = list.getBoundingClientRect();
      const inside = moved.clientX > box.left && moved.clientX < box.right && moved.clientY > box.top - 40 && moved.clientY < box.bottom + 40;
      if (!inside) {
        place.remove();
        return;
      }
      const after = entries(list).find((one) => {
        const over = one.getBoundingClientRect();
        return moved.clientY < over.top + over.height / 2;
      });
      const was = place.isConnected ? place.getBoundingClientRect().top : null;
      if (after) after.before(place);
      else list.append(place);
      // What comes next that way is brought into sight, so that a long list moves along.
      const is = place.getBoundingClientRect().top;
      if (was === null || was === is) return;
      const ahead = (one) => (is > was ? one?.nextElementSibling : one?.previousElementSibling);
      (ahead(ahead(place)) ?? ahead(place))?.scrollIntoView({ block: "nearest" });
    };
    const end = (ended) => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
      handle.removeEventListener("pointercancel", end);
      document.removeEventListener("keydown", giveUp);
      const dropped = ended.type === "pointerup" && place.isConnected;
      const before = place.nextElementSibling?.dataset.id ?? "";
      place.remove();
      if (dropped) add(list, item.dataset.drops, before);
    };
    const giveUp = (pressed) => {
      if (pressed.key === "Escape") end(pressed);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
    document.addEventListener("keydown", giveUp);
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const again = (key === "z" && event.shiftKey) || (key === "y" && !event.shiftKey);
    if (!again && !(key === "z" && !event.shiftKey)) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    // A form of its own, or a button of the form that the page is.
    const found = document.querySelector(again ? "[data-redo]" : "[data-undo]");
    const form = found?.form || found;
    if (!form || form.dataset.sent) return;
    event.preventDefault();
    form.requestSubmit(found === form ? undefined : found);
  });
}
