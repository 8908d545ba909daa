// Lists in an order: buttons (which are forms without this script) and dragging do the same, and say what they did.
// What else on the page follows from the order has `data-with-order` and an id, and is taken from the answer.
{
  const items = (list) => [...list.querySelectorAll(":scope > [data-id]")];

  const settle = (list) => {
    const all = items(list);
    all.forEach((item, place) => {
      const [up, down] = ["up", "down"].map((way) => item.querySelector(`[data-move="${way}"]`));
      if (up) up.disabled = place === 0;
      if (down) down.disabled = place === all.length - 1;
    });
  };

  const tell = (list, item) => {
    const all = items(list);
    page.announce(page.phrase("moved", { title: item.dataset.title ?? "", place: all.indexOf(item) + 1, total: all.length }));
  };

  // The answer is the page as it stands now: the next change must name its revision, and what follows from the order is in it.
  const follow = (list, html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const revision = fresh.querySelector("[data-reorder][data-revision]")?.dataset.revision;
    if (!revision) return;
    list.dataset.revision = revision;
    for (const field of document.querySelectorAll('input[name="revision"]')) field.value = revision;
    for (const part of document.querySelectorAll("[data-with-order]")) {
      const other = fresh.getElementById(part.id);
      if (other && !part.contains(document.activeElement)) window.htmx.swap(part, other.innerHTML, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
    }
    // A step that went past a heading is in that section, in its own form as well.
    let section = null;
    for (const item of items(list)) {
      if (item.querySelector("[data-heading]")) section = item.dataset.id;
      else for (const field of item.querySelectorAll('select[name="section"]')) field.value = section ?? "none";
    }
  };

  // Orders are sent one after the other, so that the last one sent is the last one to arrive. A form that is sent meanwhile waits
  // for them: it would name a revision that is no more.
  let queue = Promise.resolve();
  let underWay = 0;
  let failure = null;

  window.addEventListener("submit", (event) => {
    if (!underWay || !event.target.elements.namedItem("revision")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target: form, submitter } = event;
    // The form may be one of those that the answer brings anew.
    queue.then(() => {
      if (form.isConnected) form.requestSubmit(submitter);
      else [...document.forms].find((one) => one.getAttribute("action") === form.getAttribute("action"))?.requestSubmit();
    });
  }, true);

  const save = (list, before) => {
    settle(list);
    const order = items(list).map((item) => item.dataset.id);
    if (order.join() === before.map((item) => item.dataset.id).join()) return;
    list.setAttribute("aria-busy", "true");
    underWay += 1;
    queue = queue.then(async () => {
      const fields = { session: page.meta("lti-session"), order: order.join(",") };
      if (list.dataset.revision) fields.revision = list.dataset.revision;
      try {
        const answer = await page.post(list.dataset.reorder, fields);
        const text = await answer.text();
        if (!answer.ok) throw new Error(page.reasonIn(text));
        failure?.remove();
        follow(list, text);
      } catch (trouble) {
        list.append(...before);
        settle(list);
        const lost = trouble instanceof TypeError;
        page.complain((lost ? navigator.onLine === false && page.phrase("offline") : trouble.message) || page.phrase("orderFailed"));
        failure = document.querySelector("#messages > .message");
      } finally {
        underWay -= 1;
        list.removeAttribute("aria-busy");
      }
    });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-move]");
    const item = button?.closest("[data-id]");
    const list = item?.closest("[data-reorder]");
    if (!list) return;
    event.preventDefault();
    const before = items(list);
    const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (button.dataset.move === "up") other.before(item);
    else other.after(item);
    tell(list, item);
    save(list, before);
    // The pressed button may be switched off at the end of the list: the focus stays in the item.
    (button.disabled ? item.querySelector("[data-move]:not([disabled])") : button)?.focus();
  });

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.("[data-drag-handle]");
    const item = handle?.closest("[data-id]");
    const list = item?.closest("[data-reorder]");
    if (!list || event.button !== 0) return;
    event.preventDefault();
    const before = items(list);
    // The list hears the pointer from now on: the item itself is taken out and put back while it moves, and would lose it.
    list.setPointerCapture(event.pointerId);
    item.classList.add("reorder__item--moving");

    const move = (moved) => {
      const over = items(list).find((other) => {
        const box = other.getBoundingClientRect();
        return other !== item && moved.clientY > box.top && moved.clientY < box.bottom;
      });
      if (!over) return;
      const box = over.getBoundingClientRect();
      const below = item.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (below && moved.clientY > box.top + box.height / 2) over.after(item);
      else if (!below && moved.clientY < box.top + box.height / 2) over.before(item);
      else return;
      // What comes next that way is brought into sight, in the platform's page as well, so that a long list moves along.
      const ahead = (one) => (below ? one?.nextElementSibling : one?.previousElementSibling);
      (ahead(ahead(item)) ?? ahead(item))?.scrollIntoView({ block: "nearest" });
    };
    const end = (ended) => {
      if (list.hasPointerCapture(event.pointerId)) list.releasePointerCapture(event.pointerId);
      list.removeEventListener("pointermove", move);
      list.removeEventListener("pointerup", end);
      list.removeEventListener("pointercancel", end);
      document.removeEventListener("keydown", giveUp);
      item.classList.remove("reorder__item--moving");
      if (ended.type !== "pointerup") {
        list.append(...before);
        settle(list);
        return;
      }
      if (items(list).indexOf(item) !== before.indexOf(item)) tell(list, item);
      save(list, before);
    };
    const giveUp = (pressed) => {
      if (pressed.key === "Escape") end(pressed);
    };
    list.addEventListener("pointermove", move);
    list.addEventListener("pointerup", end);
    list.addEventListener("pointercancel", end);
    document.addEventListener("keydown", giveUp);
  });
}
