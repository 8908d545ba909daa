// The class board by keyboard (the grid pattern of the ARIA Authoring Practices): one stop for the tab key, arrows from cell to
// cell, Enter opens what stands behind one. Without this script it is a table whose headers are links.
{
  const start = () => {
    const board = document.querySelector("table[data-board]:not([role])");
    if (!board) return;
    const rows = [...board.rows].filter((row) => row.cells.length && !row.querySelector("[scope=colgroup]"));
    const head = rows[0];
    const told = document.getElementById("board-here");
    board.setAttribute("role", "grid");

    // What of a cell gets the focus: the link of a header, otherwise the cell.
    const target = (cell) => cell.querySelector("a") ?? cell;
    const cellOf = (node) => node.closest?.("th, td");
    for (const link of board.querySelectorAll("a")) link.tabIndex = -1;
    let current = null;

    const text = (node) => node.textContent.replace(/\s+/g, " ").trim();
    const tell = (cell) => {
      if (!told) return;
      const row = cell.parentElement;
      const column = head.cells[cell.cellIndex];
      const parts = row === head ? [text(cell)] : [text(row.cells[0])];
      if (row !== head && cell.cellIndex > 0) {
        const link = column.querySelector("a");
        parts.push(link ? (text(link).includes(link.title) ? text(link) : `${text(link)}: ${link.title}`) : text(column), text(cell));
      }
      told.textContent = parts.join(" · ");
    };

    const rove = (cell) => {
      if (current) target(current).tabIndex = -1;
      current = cell;
      target(cell).tabIndex = 0;
    };
    const go = (cell) => {
      rove(cell);
      target(cell).focus();
    };

    const shownRows = () => rows.filter((row) => !row.hidden);
    const move = (down, across) => {
      const shown = shownRows();
      const at = shown.indexOf(current.parentElement);
      const row = shown[Math.min(Math.max(at + down, 0), shown.length - 1)];
      go(row.cells[Math.min(Math.max(current.cellIndex + across, 0), row.cells.length - 1)]);
    };

    // A student's evidence of one competency: the student's page, told which.
    const open = (cell) => {
      const student = cell.parentElement.cells[0].querySelector("a");
      const competency = head.cells[cell.cellIndex].querySelector("a");
      if (!student || !competency) return false;
      const way = document.createElement("a");
      way.href = `${student.getAttribute("href")}?competency=${competency.pathname.split("/").pop()}#evidence`;
      way.hidden = true;
      board.after(way);
      way.click();
      way.remove();
      return true;
    };

    board.addEventListener("keydown", (event) => {
      if (event.altKey || event.metaKey || !current || !cellOf(event.target)) return;
      const turned = getComputedStyle(board).direction === "rtl" ? -1 : 1;
      const most = Infinity;
      const ways = {
        ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, turned], ArrowLeft: [0, -turned],
        PageDown: [10, 0], PageUp: [-10, 0],
        Home: [event.ctrlKey ? -most : 0, -most], End: [event.ctrlKey ? most : 0, most],
      };
      if (event.key in ways) {
        event.preventDefault();
        move(...ways[event.key]);
      } else if ((event.key === "Enter" || event.key === " ") && event.target.matches("td")) {
        if (open(current)) event.preventDefault();
      }
    });
    board.addEventListener("focusin", (event) => {
      const cell = cellOf(event.target);
      if (!cell) return;
      if (cell !== current) rove(cell);
      tell(cell);
    });
    board.addEventListener("click", (event) => {
      const cell = cellOf(event.target);
      if (!cell || event.target.closest("a") || !cell.matches("td")) return;
      rove(cell);
      open(cell);
    });
    board.addEventListener("pointerover", (event) => {
      const cell = cellOf(event.target);
      if (cell) tell(cell);
    });

    // The first level of the first student, below the row of the class.
    const first = rows.find((row) => row.parentElement.matches("tbody") && !row.matches(".of-class"));
    if (first) rove(first.cells[2] ?? first.cells[0]);

    // Narrow the board by a student's name.
    const search = document.querySelector("[data-board-search]");
    search?.addEventListener("input", () => {
      const wanted = search.value.trim().toLocaleLowerCase();
      for (const row of rows) {
        if (row === head || row.matches(".of-class")) continue;
        row.hidden = Boolean(wanted) && !text(row.cells[0]).toLocaleLowerCase().includes(wanted);
      }
      const shown = shownRows();
      if (!shown.includes(current.parentElement) && shown.length) rove(shown[shown.length - 1].cells[2] ?? shown[0].cells[0]);
    });
  };
  start();
  document.addEventListener("page:shown", start);
  document.addEventListener("htmx:load", start);

  // A school's own colours, as the ground of cells; shape and ink stay, so that every colour can be read on. The policy allows
  // no styles in a page, and a script its own sheet.
  const own = "adoptedStyleSheets" in document ? new CSSStyleSheet() : null;
  if (own) document.adoptedStyleSheets = [...document.adoptedStyleSheets, own];
  const colour = () => {
    // An older browser shows the tool's own colours.
    if (!own) return;
    const rules = [...document.querySelectorAll("[data-level-colour]")].map(({ dataset }) => {
      const cell = `.board .${dataset.levelClass.split(" ").map(CSS.escape).join(".")}`;
      return CSS.supports("color", dataset.levelColour)
        ? `${cell} { --ground: color-mix(in srgb, ${dataset.levelColour} 30%, var(--surface)); color: var(--ink); }` : "";
    });
    own.replaceSync(`@media not (forced-colors: active) { ${rules.join(" ")} }`);
  };
  colour();
  document.addEventListener("page:shown", colour);

  // What only a script can do is offered by it: <button data-print hidden>.
  const offer = () => {
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  };
  offer();
  document.addEventListener("page:shown", offer);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) window.print();
  });
}
