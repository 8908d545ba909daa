// Answers to a check are saved as they are given, one question at a time. What could not be sent yet is kept, in memory and where
// the browser allows it in its storage, and is sent when there is a connection again: a closed tab loses nothing. Each answer
// carries a number that only grows, so that the server takes the latest, whichever arrives last. Without script every button saves.
{
  const PAUSE = 600;
  const AGAIN = [2000, 5000, 10000, 20000];
  const MINUTE = 60;
  let place = null;
  let queue = new Map();
  let sending = null;
  let timer = 0;
  let failures = 0;
  let shownAt = 0;
  let clock = 0;

  const key = (of) => `lti-tool-check:${of.dataset.attempt ?? of.dataset.keeps}`;

  const keep = (of = place, waiting = queue) => {
    try {
      if (waiting.size) localStorage.setItem(key(of), JSON.stringify([...waiting]));
      else localStorage.removeItem(key(of));
      return true;
    } catch {
      // Storage is closed to this frame; memory has it while the page is open.
      return false;
    }
  };

  const kept = () => {
    try {
      return new Map(JSON.parse(localStorage.getItem(key(place)) ?? "[]"));
    } catch {
      return new Map();
    }
  };

  const say = (word, waits = false) => {
    const line = document.getElementById("saving");
    if (!line || !word) return;
    line.hidden = false;
    line.classList.toggle("saving--waits", waits);
    const text = line.dataset[word];
    if (line.textContent !== text) line.textContent = text;
  };

  // --- What is on the page --------------------------------------------------------------------------------------------

  const holder = (id) => place?.querySelector(`[data-question="${CSS.escape(id)}"]`);
  const numberOf = (box) => box.querySelector('input[name^="n."]');

  const fieldsOf = (box) => {
    const id = box.dataset.question;
    const all = [...new FormData(place)];
    return all.filter(([name]) => name === `a.${id}` || name.startsWith(`a.${id}.`)).map(([name, value]) => [name, String(value)]);
  };

  const fill = (box, fields) => {
    for (const field of box.querySelectorAll('[name^="a."]')) {
      const values = fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
    }
    for (const list of box.querySelectorAll("[data-ordering]")) arrange(list);
  };

  // Tenths of seconds since the attempt began, by the server's clock: comparable between tabs and devices.
  const elapsed = () => Number(place.dataset.elapsed) + Math.floor((performance.now() - shownAt) / 100);

  const changed = (box) => {
    const number = numberOf(box);
    if (!number) return;
    const next = Math.max(Number(number.value) + 1, elapsed());
    number.value = String(next);
    queue.set(box.dataset.question, { number: next, fields: fieldsOf(box) });
    keep();
    say("waiting");
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  };

  // --- Sending --------------------------------------------------------------------------------------------------------

  // The page may be another one by the time an answer is there: what was asked for belongs to `of` and `waiting`.
  const sendOne = async (of, waiting, id, answer) => {
    const body = new URLSearchParams([["session", page.meta("lti-session")], ["question", id], ["number", answer.number], ...answer.fields]);
    const reply = await fetch(of.dataset.saves, {
      method: "POST", headers: page.headers(), body, credentials: "same-origin", keepalive: true,
    });
    if (reply.status === 401 || reply.status === 403) return "signedOut";
    if (!reply.ok) throw new Error("not saved");
    const told = await reply.json();
    if (waiting.get(id)?.number === answer.number) waiting.delete(id);
    keep(of, waiting);
    if (told.ended) return "over";
    return told.saved ? "saved" : "newer";
  };

  const sendAll = async () => {
    clearTimeout(timer);
    const mine = place;
    const waiting = queue;
    let worst = "saved";
    try {
      for (const [id, answer] of [...waiting]) {
        const came = await sendOne(mine, waiting, id, answer);
        if (came !== "saved") worst = came;
        if (came === "signedOut" || came === "over") break;
      }
      failures = 0;
      if (worst === "over") waiting.clear();
      keep(mine, waiting);
      if (place !== mine) return;
      say(queue.size && worst === "saved" ? "waiting" : worst, worst !== "saved");
      if (queue.size && worst === "saved") timer = setTimeout(send, PAUSE);
    } catch {
      if (place !== mine) return;
      say(navigator.onLine === false ? "offline" : "failed", true);
      timer = setTimeout(send, AGAIN[Math.min(failures, AGAIN.length - 1)]);
      failures += 1;
    }
  };

  const send = () => {
    if (!place || !queue.size) return sending;
    sending ??= sendAll().finally(() => { sending = null; });
    return sending;
  };

  // --- Ordering -------------------------------------------------------------------------------------------------------

  const places = (list) => [...list.children].map((item) => item.querySelector("select"));

  const number = (list) => places(list).forEach((select, index) => {
    select.value = String(index + 1);
    const [up, down] = select.closest("li").querySelectorAll("[data-move]");
    for (const button of [up, down]) button.value = button.value.replace(/:\d+:(up|down)$/, `:${index + 1}:$1`);
  });

  // Items in the order of their numbers; as they stand where numbers are alike.
  const arrange = (list) => {
    const items = [...list.children].map((item, index) => [Number(item.querySelector("select").value), index, item]);
    items.sort(([a, x], [b, y]) => a - b || x - y);
    list.append(...items.map(([, , item]) => item));
    number(list);
  };

  const toPlace = (item, to) => {
    const list = item.parentElement;
    const others = [...list.children].filter((one) => one !== item);
    list.insertBefore(item, others[to] ?? null);
    number(list);
    const words = item.querySelector(".rich").textContent.trim();
    page.announce(page.phrase("moved", { title: words, place: to + 1, total: list.children.length }));
    changed(item.closest("[data-question]"));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-ordering] [data-move]");
    if (!button || !place) return;
    event.preventDefault();
    const item = button.closest("li");
    const list = item.parentElement;
    const to = [...list.children].indexOf(item) + Number(button.dataset.move);
    if (to < 0 || to >= list.children.length) return;
    toPlace(item, to);
    button.focus();
  });

  // --- What people do -------------------------------------------------------------------------------------------------

  const answered = (event) => {
    const field = event.target;
    if (!place?.contains(field) || !field.name?.startsWith("a.")) return;
    const box = field.closest("[data-question]");
    const item = field.closest("[data-ordering] > li");
    if (item) {
      if (event.type !== "change") return;
      toPlace(item, Number(field.value) - 1);
      field.focus();
    } else changed(box);
  };
  document.addEventListener("input", answered);
  document.addEventListener("change", (event) => {
    if (event.target.closest?.("[data-ordering]")) answered(event);
  });

  window.addEventListener("online", () => { failures = 0; send(); });
  window.addEventListener("offline", () => { if (place && queue.size) say("offline", true); });
  // A page that is left sends what it has: the browser finishes that by itself.
  window.addEventListener("pagehide", () => send());
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
  window.addEventListener("beforeunload", (event) => {
    // Only where closing would lose something: nothing keeps it, and it could not be sent.
    if (place && queue.size && !place.dataset.sent && !keep()) event.preventDefault();
  });

  // --- Time -----------------------------------------------------------------------------------------------------------

  const tick = (line, until) => {
    const left = Math.max(0, Math.round((until - performance.now()) / 1000));
    const minutes = Math.ceil(left / MINUTE);
    const word = left <= 0 ? "up" : left < MINUTE ? "seconds" : minutes === 1 ? "minute" : "minutes";
    const text = line.dataset[word].replace("{minutes}", new Intl.NumberFormat(document.documentElement.lang || undefined).format(minutes));
    const part = line.querySelector("[data-time-left]");
    if (part.textContent !== text) {
      part.textContent = text;
      if (left <= 0 || word === "seconds" || minutes === 5 || minutes === 1) page.announce(text);
    }
    if (left > 0) return;
    clearInterval(clock);
    Promise.resolve(send()).finally(() => document.getElementById("time-up")?.requestSubmit());
  };

  // --- How it begins --------------------------------------------------------------------------------------------------

  const begin = () => {
    clearInterval(clock);
    const found = document.querySelector("[data-saves]");
    // A tab that keeps its session shows another page without leaving this one: what waits is sent now.
    if (place && place !== found && queue.size) send();
    if (!found) {
      place = null;
      queue = new Map();
      return;
    }
    if (found === place) return;
    place = found;
    queue = new Map();
    failures = 0;
    shownAt = performance.now();
    for (const [id, answer] of kept()) {
      const box = holder(id);
      const stands = box ? numberOf(box) : null;
      if (stands && answer.number <= Number(stands.value)) continue;
      if (box && !box.disabled) {
        fill(box, answer.fields);
        stands.value = String(answer.number);
      }
      queue.set(id, answer);
    }
    keep();
    for (const list of place.querySelectorAll("[data-ordering]")) number(list);
    if (queue.size) send();
    const line = document.querySelector("[data-seconds-left]");
    if (line) {
      const until = performance.now() + Number(line.dataset.secondsLeft) * 1000;
      clock = setInterval(() => tick(line, until), 1000);
    }
  };
  begin();
  document.addEventListener("page:shown", begin);
}
