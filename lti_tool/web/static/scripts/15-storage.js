// Where a browser keeps no cookie, the platform's own storage shows that the browser of a login has come back (LTI Client Side
// postMessages 0.1). Both pages that ask it go on after a moment, whatever it answers: some platforms never do.
{
  const PATIENCE = 1500;
  const CAPABILITIES = 500;

  // The window around ours, or the one that opened ours; null where there is none.
  const outer = () => (window.parent !== window ? window.parent : window.opener);

  // A message and its answer. The answer has to come from the window that was asked, from its origin where we know that, and
  // name our message. Resolves with the answer's data; rejects for an error, which some platforms write as a mere string.
  const ask = (target, origin, message, patience) => new Promise((resolve, reject) => {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const end = (settle, value) => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      settle(value);
    };
    const hear = (event) => {
      if (event.source !== target || (origin !== "*" && event.origin !== origin)) return;
      let data = event.data;
      if (typeof data === "string") {
        try { data = JSON.parse(data); } catch { return; }
      }
      if (!data || data.message_id !== id || data.subject !== `${message.subject}.response`) return;
      if (data.error) end(reject, new Error("the platform's storage answered with an error"));
      else end(resolve, data);
    };
    const timer = setTimeout(() => end(reject, new Error("no answer")), patience);
    window.addEventListener("message", hear);
    target.postMessage({ ...message, message_id: id }, origin);
  });

  const named = (name) => {
    try {
      const found = outer().frames[name];
      return typeof found?.postMessage === "function" ? found : null;
    } catch {
      // Another site's window refuses to say that it has no frame of this name.
      return null;
    }
  };

  // The window that keeps things. Within an editor the frame that the platform named can be missing: then the window around
  // us says which one does it, and otherwise is it itself.
  const keeper = async (name, subject) => {
    if (name === "_parent") return outer();
    const found = named(name);
    if (found) return found;
    try {
      const answer = await ask(outer(), "*", { subject: "lti.capabilities" }, CAPABILITIES);
      const told = answer.supported_messages?.find?.((one) => one?.subject === subject)?.frame;
      if (told && told !== "_parent") return named(String(told)) ?? outer();
    } catch {
      // It knows nothing of capabilities.
    }
    return outer();
  };

  const converse = async (place, message) => {
    if (!outer()) throw new Error("there is no platform around this window");
    const { storageTarget, storageOrigin, storageKey } = place.dataset;
    const asked = keeper(storageTarget, message.subject).then((window) =>
      ask(window, storageOrigin, { ...message, key: storageKey }, PATIENCE));
    return Promise.race([asked, new Promise((_, reject) => setTimeout(reject, PATIENCE))]);
  };

  const put = async (place) => {
    const kept = converse(place, { subject: "lti.put_data", value: place.dataset.storageValue }).catch(() => {
      // The cookie may come back all the same; if not, a new window is offered.
    });
    if ("storagePatient" in place.dataset) await kept;
    location.replace(place.dataset.storageNext);
  };

  const get = async (place) => {
    const form = place.querySelector("form");
    let proof = "";
    try {
      const answer = await converse(place, { subject: "lti.get_data" });
      if (typeof answer.value === "string") proof = answer.value;
    } catch {
      // Nothing kept, or nobody answers.
    }
    if (!proof) {
      // The answer to an empty proof is the page that offers a window of its own.
      form.submit();
      return;
    }
    // It has served; what is put as null is removed. Nobody waits for that.
    converse(place, { subject: "lti.put_data", value: null }).catch(() => {});
    form.elements.proof.value = proof;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    page.take(await answer.text());
  };

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector("[data-storage]");
    if (place?.dataset.storage === "put") put(place);
    else if (place) get(place).catch(() => page.complain(""));
  });
}
