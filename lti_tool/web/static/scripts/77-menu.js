// A board that changed in place says how the choice stands now, to those who cannot see it change; what was refused goes first.
document.addEventListener("htmx:afterSettle", (event) => {
  const board = document.getElementById("board");
  if (!board?.hasAttribute("data-announces") || event.target.id !== "board") return;
  const refused = document.querySelector("#messages .message__body")?.textContent ?? "";
  const told = board.querySelector("[data-told]")?.textContent ?? "";
  const words = (refused || told).replace(/\s+/g, " ").trim();
  if (words) page.announce(words);
});
