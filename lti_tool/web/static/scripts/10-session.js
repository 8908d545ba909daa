// What every page needs: who is asking, and what is said aloud. Nothing here is needed for a page to work.
"use strict";

const page = (() => {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const KEY = "lti-tool-token";
  // A browser that keeps no cookie for us in a frame keeps the session's token here: in this page's memory, and for the time
  // after a reload in the tab's own storage, where that is open to frames. It is sent as a header and never put into an
  // address. Memory goes first: two frames of one page share the storage.
  let inMemory = "";

  function token() {
    return inMemory;
  }

  function keepToken(value) {
    inMemory = value;
    try {
      sessionStorage.setItem(KEY, value);
    } catch {
      // Storage is closed to this frame; memory has it.
    }
  }

  // The token from before a reload, for a page that has found no session without it.
  function rememberedToken() {
    try {
      inMemory ||= sessionStorage.getItem(KEY) ?? "";
    } catch {
      // Storage is closed to this frame.
    }
    return inMemory;
  }

  function headers() {
    const result = {};
    const session = meta("lti-session");
    if (session) result["X-LTI-Session"] = session;
    const bearer = token();
    if (bearer) result.Authorization = `Bearer ${bearer}`;
    return result;
  }

  function phrase(name, values = {}) {
    const text = document.getElementById("phrases")?.dataset[name] ?? "";
    return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  function announce(text) {
    const region = document.getElementById("announcer");
    if (!region) return;
    region.textContent = "";
    // Screen readers speak a change, so the same sentence twice needs an empty moment between.
    setTimeout(() => { region.textContent = text; }, 60);
  }

  function complain(text) {
    const place = document.getElementById("messages");
    if (!place) return;
    const box = document.createElement("div");
    box.className = "message message--error";
    box.setAttribute("role", "alert");
    const body = document.createElement("div");
    body.className = "message__body";
    const paragraph = document.createElement("p");
    paragraph.textContent = text || phrase("failed");
    const dismiss = document.createElement("button");
    dismiss.type = "button";
    dismiss.className = "button button--quiet button--small";
    dismiss.textContent = phrase("dismiss");
    dismiss.addEventListener("click", () => box.remove());
    body.append(paragraph);
    box.append(body, dismiss);
    place.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  }

  // What an error page says, taken out of its HTML.
  function reasonIn(html) {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const told = answer.querySelector("[data-error]")?.dataset.error;
    return told ?? answer.querySelector(".message--error .message__body")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  }

  async function post(address, fields = {}, options = {}) {
    return fetch(address, {
      method: "POST",
      headers: headers(),
      body: new URLSearchParams(fields),
      credentials: "same-origin",
      redirect: "follow",
      ...options,
    });
  }

  return { announce, complain, headers, keepToken, meta, phrase, post, reasonIn, rememberedToken, token };
})();

document.documentElement.classList.add("js");

document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, page.headers()));

document.addEventListener("htmx:responseError", (event) => page.complain(page.reasonIn(event.detail.xhr.responseText)));
document.addEventListener("htmx:sendError", () => page.complain(""));
