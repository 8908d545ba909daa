// A question read aloud by the browser, for students with that support. Only voices on the device itself are used: what a child
// reads leaves it to nobody. Without such a voice there is no button.
{
  const speech = window.speechSynthesis;

  const voice = () => {
    const language = (document.documentElement.lang || navigator.language).toLowerCase();
    const own = speech.getVoices().filter((one) => one.localService);
    return own.find((one) => one.lang.toLowerCase() === language)
      ?? own.find((one) => one.lang.toLowerCase().split(/[-_]/)[0] === language.split("-")[0]);
  };

  const offer = () => {
    for (const part of document.querySelectorAll("[data-reads]")) part.hidden = !speech || !voice();
  };

  // What a reader would read: the text, with gaps as pauses, and not the buttons.
  const words = (box) => {
    const copy = box.cloneNode(true);
    for (const part of copy.querySelectorAll("button, [data-reads], .visually-hidden, option, [hidden]")) part.remove();
    for (const gap of copy.querySelectorAll(".gap")) gap.replaceWith(" … ");
    for (const line of copy.querySelectorAll("p, li, h2, label, .rich")) line.append(". ");
    return copy.textContent.replace(/\s+/g, " ").replace(/(\. ?){2,}/g, ". ").trim();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-reads] button");
    if (!button) return;
    if (speech.speaking) {
      speech.cancel();
      return;
    }
    const place = button.closest("[data-reads]");
    const said = new SpeechSynthesisUtterance(words(document.getElementById(place.dataset.reads)));
    said.voice = voice() ?? null;
    said.lang = said.voice?.lang ?? document.documentElement.lang;
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = place.dataset.stop;
    said.addEventListener("end", () => { label.textContent = before; });
    said.addEventListener("error", () => { label.textContent = before; });
    speech.speak(said);
  });

  if (speech) {
    offer();
    speech.addEventListener?.("voiceschanged", offer);
    document.addEventListener("page:shown", () => { speech.cancel(); offer(); });
    window.addEventListener("pagehide", () => speech.cancel());
  }
}
