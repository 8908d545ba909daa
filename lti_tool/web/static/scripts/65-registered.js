// A registration is done: the LMS closes this page and shows what came of it (Dynamic Registration 1.0 §3.7).
"use strict";

(() => {
  if (!("registered" in document.body.dataset)) return;

  function close() {
    const platform = window.opener || window.parent;
    // There is nothing secret in it, and whose page this is in is known to the browser alone.
    if (platform && platform !== window) platform.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
  }

  document.querySelector("[data-close-registration]")?.addEventListener("click", () => {
    close();
    window.close();
    // A window that no script opened stays; then the person closes it.
    setTimeout(() => document.querySelector("[data-left-open]")?.removeAttribute("hidden"), 300);
  });
  close();
})();
