// A value that is pasted elsewhere: its button copies it and says so. Without script the value can be selected.
{
  const BACK_AFTER = 4000;

  // In another site's frame the clipboard is closed to scripts, but not to what the reader has selected and asked to copy.
  const copySelected = (source) => {
    source.focus({ preventScroll: true });
    source.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  };

  const copy = async (source) => {
    try {
      await navigator.clipboard.writeText(source.value);
      return true;
    } catch {
      return copySelected(source);
    }
  };

  const show = (button, copied) => {
    button.classList.toggle("copy--done", copied);
    button.querySelector("[data-copy-words]").hidden = copied;
    button.querySelector("[data-copied-words]").hidden = !copied;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    const label = button.dataset.copyLabel ?? "";
    if (await copy(source)) {
      for (const other of document.querySelectorAll(".copy--done")) show(other, false);
      show(button, true);
      button.focus({ preventScroll: true });
      page.announce(page.phrase("copied", { label }));
      setTimeout(() => show(button, false), BACK_AFTER);
    } else {
      source.focus();
      source.select();
      page.announce(page.phrase("copyYourself", { label }));
    }
  });

  // One press selects the whole value, for those who copy with the keyboard.
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[data-copied-from]")) event.target.select();
  });

  const offer = (root) => {
    for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  };
  offer(document);
  document.addEventListener("page:shown", () => offer(document));
  document.addEventListener("htmx:load", (event) => offer(event.target));
}
