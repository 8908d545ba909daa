// After a form, the page says what came of it. The reader is taken there, by eye and by keyboard, wherever the page landed.
{
  const arrive = () => {
    const messages = document.getElementById("messages");
    const told = messages?.querySelector(":scope > .message[role]");
    if (!told || told.tabIndex === 0 || document.querySelector("[data-focus]")) return;
    const landed = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (landed && landed !== messages.parentElement) {
      const step = landed.matches("li") ? landed.querySelector(":scope > .step__body") : null;
      if (step) step.prepend(messages);
      else (landed.closest("ol, ul, table") && landed.matches("li, tr") ? landed.closest("ol, ul, table") : landed).before(messages);
    }
    told.tabIndex = -1;
    told.focus({ preventScroll: true });
    if (landed) {
      // Until the page is complete the browser goes to the place of the address, and takes the focus away; the message
      // stands just above that place.
      const show = () => requestAnimationFrame(() => {
        messages.scrollIntoView({ block: "start" });
        told.focus({ preventScroll: true });
      });
      show();
      if (document.readyState !== "complete") window.addEventListener("load", show, { once: true });
    }
    // Reloading the page must not say it again.
    const address = new URL(location.href);
    address.searchParams.delete("said");
    address.searchParams.delete("step");
    history.replaceState(history.state, "", address);
  };
  arrive();
  document.addEventListener("page:shown", arrive);
}
