// Inside a platform's frame: tell it how tall we are, so that there is one scroll bar and not two.
// `lti.frameResize` is Canvas's message (others read it too, or ignore it); a height is nobody's secret.
if (window.parent !== window && document.querySelector('meta[name="lti-document-target"]')?.content !== "window") {
  document.documentElement.classList.add("framed");
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height && Math.abs(height - told) > 1) {
      told = height;
      window.parent.postMessage({ subject: "lti.frameResize", height }, "*");
    }
  };
  new ResizeObserver(tell).observe(document.body);
  window.addEventListener("load", tell);
}
