// The graph of a map: larger and smaller, moving about, and what stands out. Without this it scrolls in its frame, and each
// box leads to the page that shows the same.
{
  const LEAST = 0.1;
  const MOST = 3;
  const FAR = 0.55;

  const set_up = (graph) => {
    const view = graph.querySelector(".graph__view");
    const svg = view?.querySelector("svg");
    if (!svg || graph.dataset.ready) return;
    graph.dataset.ready = "yes";
    const { width, height } = svg.viewBox.baseVal;
    const told = graph.querySelector("[data-scale]");
    let scale = 1;

    // Keeps what is at (x, y) of the frame where it is.
    const zoom = (wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) => {
      const next = Math.min(MOST, Math.max(LEAST, wanted));
      const left = (view.scrollLeft + x) / scale;
      const top = (view.scrollTop + y) / scale;
      scale = next;
      svg.setAttribute("width", Math.round(width * scale));
      svg.setAttribute("height", Math.round(height * scale));
      svg.classList.toggle("graph__svg--far", scale < FAR);
      view.scrollLeft = left * scale - x;
      view.scrollTop = top * scale - y;
      if (told) told.textContent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent" }).format(scale);
    };

    const fit = () => zoom(Math.min(1, (view.clientWidth - 4) / width, (view.clientHeight - 4) / height));
    const does = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit, actual: () => zoom(1) };

    graph.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-zoom]");
      if (button) does[button.dataset.zoom]?.();
    });

    // The arrow keys scroll the frame by themselves.
    view.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = { "+": "in", "=": "in", "-": "out", "−": "out", 0: "fit", 1: "actual" }[event.key];
      if (!key) return;
      event.preventDefault();
      does[key]();
    });

    view.addEventListener("wheel", (event) => {
      // A wheel alone scrolls; with Control, or pinched on a touchpad, it changes the size.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = view.getBoundingClientRect();
      zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });

    let dragged = false;
    view.addEventListener("pointerdown", (event) => {
      dragged = false;
      // Fingers scroll the frame as they scroll everything.
      if (event.pointerType === "touch" || event.button !== 0) return;
      const from = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
      const move = (moved) => {
        const [x, y] = [moved.clientX - from.x, moved.clientY - from.y];
        if (!dragged && Math.hypot(x, y) < 5) return;
        dragged = true;
        view.classList.add("graph__view--panning");
        view.scrollLeft = from.left - x;
        view.scrollTop = from.top - y;
      };
      const end = () => {
        view.classList.remove("graph__view--panning");
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    });
    view.addEventListener("dragstart", (event) => event.preventDefault());
    view.addEventListener("click", (event) => {
      if (dragged) {
        event.preventDefault();
        event.stopPropagation();
      }
    }, true);

    const center = (node) => {
      if (!node) return;
      const box = node.getBBox();
      view.scrollLeft = (box.x + box.width / 2) * scale - view.clientWidth / 2;
      view.scrollTop = (box.y + box.height / 2) * scale - view.clientHeight / 2;
    };

    // The frame is as tall as the drawing at first, up to a limit, and stays so when that gets smaller.
    view.style.blockSize = `${view.offsetHeight}px`;
    zoom(1, 0, 0);
    const current = svg.querySelector('[aria-current="true"], .graph__node--loop');
    if (current) center(current);
    // In a language that is written from right to left, what comes first stands at the right.
    else if (getComputedStyle(view).direction === "rtl") view.scrollLeft = 0;
    graph.center = center;
  };

  const STANDS = ["focus", "before", "after"];

  // What the panel says stands out in the graph.
  const highlight = (svg, panel) => {
    const focus = panel.dataset.focused;
    const sets = {
      focus: new Set([focus]),
      before: new Set((panel.dataset.before ?? "").split(" ")),
      after: new Set((panel.dataset.after ?? "").split(" ")),
    };
    for (const node of svg.querySelectorAll("[data-node]")) {
      const id = node.dataset.node;
      for (const way of STANDS) node.classList.toggle(`graph__node--${way}`, sets[way].has(id));
      if (id === focus) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
    for (const line of svg.querySelectorAll("[data-before]")) {
      const { before, after } = line.dataset;
      line.classList.toggle("graph__line--before", sets.before.has(before) && (sets.before.has(after) || after === focus));
      line.classList.toggle("graph__line--after", sets.after.has(after) && (sets.after.has(before) || before === focus));
    }
  };

  const look = async (svg, link) => {
    const address = new URL(link.href.baseVal ?? link.href, location.href);
    try {
      const answer = await fetch(svg.dataset.panel + address.search, { headers: page.headers(), credentials: "same-origin" });
      if (!answer.ok) throw new Error(page.reasonIn(await answer.text()));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("graph-panel");
      if (!fresh) throw new Error("");
      document.getElementById("graph-panel").replaceWith(document.adoptNode(fresh));
      highlight(svg, fresh);
      history.replaceState(null, "", address);
      page.announce(fresh.dataset.said ?? "");
    } catch {
      location.assign(address);
    }
  };

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const node = event.target.closest?.("[data-panel] [data-node]");
    const named = event.target.closest?.("[data-focus-node]");
    const svg = node?.closest("[data-panel]") ?? (named ? document.querySelector("[data-panel]") : null);
    const to = node ?? svg?.querySelector(`[data-node="${CSS.escape(named?.dataset.focusNode ?? "")}"]`);
    if (!svg || !to) return;
    event.preventDefault();
    if (named) {
      svg.closest("[data-graph]").center?.(to);
      to.focus();
    }
    look(svg, to);
  });

  const begin = () => document.querySelectorAll("[data-graph]").forEach(set_up);
  begin();
  document.addEventListener("page:shown", begin);
}
