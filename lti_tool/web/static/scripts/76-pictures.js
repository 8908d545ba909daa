// Pictures of questions where the browser keeps no cookie in a frame: an image's request cannot carry the token, so what could
// not be shown is fetched with it. With a cookie nothing of this happens.
"use strict";

{
  const PICTURES = 'img[src^="/question-pictures/"]';

  const fetched = async (image) => {
    if (image.dataset.fetched) return;
    image.dataset.fetched = "yes";
    try {
      const answer = await fetch(image.getAttribute("src"), { headers: page.headers(), credentials: "same-origin" });
      if (!answer.ok) return;
      const reader = new FileReader();
      reader.addEventListener("load", () => { image.src = reader.result; });
      reader.readAsDataURL(await answer.blob());
    } catch {
      // Its description stands there.
    }
  };

  // Errors of images do not bubble.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement && event.target.matches(PICTURES)) fetched(event.target);
  }, true);

  // Those that failed before this was there.
  for (const image of document.querySelectorAll(PICTURES)) if (image.complete && !image.naturalWidth) fetched(image);
}
