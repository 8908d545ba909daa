// Two small things that pages of the practice LMS do by themselves where scripts run; without them there is a link to press.
"use strict";

// A tool in the frame, or in a window that was opened from here, says that its registration is done (Dynamic Registration
// 1.0, section 3.7). Whoever says it: the page is only asked for again, and the server knows whether anything was registered.
if ("registering" in document.body.dataset) {
  window.addEventListener("message", (event) => {
    let data = event.data;
    if (typeof data === "string") {
      try { data = JSON.parse(data); } catch { return; }
    }
    if (data?.subject === "org.imsglobal.lti.close") location.reload();
  });
}

// What a tool gave stands in its frame; the course around it is shown again.
if (document.body.dataset.leave && window.top !== window) window.top.location.replace(document.body.dataset.leave);
