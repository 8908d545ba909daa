// A browser that keeps no cookie for us has the session's token in this tab. Plain navigation would arrive without a session, so
// pages are fetched with the token and put in place of the one that is shown: links, forms, what they lead to, back, forward.
// A page that is put in place is announced with `page:shown`; scripts that look at a page when it is loaded do it again then.
{
  const MOST_REDIRECTS = 5;
  let shown = "";
  let waiting = null;

  const here = () => location.pathname + location.search;
  const active = () => page.token() !== "";

  // --- Showing -------------------------------------------------------------------------------------------------------

  const copyAttributes = (from, to, names) => {
    for (const name of names) {
      if (from.hasAttribute(name)) to.setAttribute(name, from.getAttribute(name));
      else to.removeAttribute(name);
    }
  };

  const copyMeta = (parsed) => {
    for (const name of ["lti-session", "lti-document-target"]) {
      document.head.querySelector(`meta[name="${name}"]`)?.remove();
      const fresh = parsed.head.querySelector(`meta[name="${name}"]`);
      if (fresh) document.head.append(document.importNode(fresh, true));
    }
  };

  const place = (scroll) => {
    const landed = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const main = document.getElementById("main");
    if (document.activeElement === document.body || !document.activeElement) (landed ?? main)?.focus({ preventScroll: true });
    if (scroll !== undefined) window.scrollTo(0, scroll);
    else if (landed) landed.scrollIntoView({ block: "start" });
    else {
      window.scrollTo(0, 0);
      // In a frame as tall as its page it is the platform's page that has been scrolled.
      if (window.parent !== window) document.body.firstElementChild?.scrollIntoView({ block: "nearest" });
    }
  };

  const show = (html, { scroll } = {}) => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    copyMeta(parsed);
    copyAttributes(parsed.documentElement, document.documentElement, ["lang", "dir"]);
    copyAttributes(parsed.body, document.body, ["class"]);
    document.body.removeAttribute("data-try-token");
    document.activeElement?.blur?.();
    window.htmx.swap(document.body, html, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
    document.dispatchEvent(new Event("page:shown"));
    place(scroll);
    shown = here();
    page.announce(document.title);
  };

  // --- Asking --------------------------------------------------------------------------------------------------------

  // Follows redirects by itself: only so is the part of the address behind # known.
  const ask = async (address, options) => {
    let next = new URL(address, location.href);
    let asked = { ...options };
    for (let step = 0; step < MOST_REDIRECTS; step += 1) {
      const answer = await fetch(next, {
        ...asked, credentials: "same-origin", cache: "no-store",
        headers: { ...page.headers(), "X-LTI-Tab": "1" },
      });
      const leads = answer.headers.get("X-LTI-Location");
      if (!leads) return { answer, address: next, moved: step > 0 };
      next = new URL(leads, next);
      if (next.origin !== location.origin) {
        location.assign(next);
        return null;
      }
      asked = { signal: options.signal };
    }
    throw new Error("the address leads in a circle");
  };

  const keepScroll = () => history.replaceState({ ...history.state, scroll: window.scrollY }, "");

  const enter = (address, record) => {
    const way = address.pathname + address.search + address.hash;
    // What a page says of the form before is taken out of its address as soon as it is shown.
    const lasting = new URL(address);
    for (const name of ["said", "step"]) lasting.searchParams.delete(name);
    if (!record || lasting.pathname + lasting.search === here()) history.replaceState({ ...history.state }, "", way);
    else {
      keepScroll();
      history.pushState({}, "", way);
    }
  };

  // `record`: whether what is shown becomes a new entry of the history, or takes the place of the one that is there. Only what
  // a GET has answered can be in it.
  const visit = async (address, options = {}, { record = true, scroll, form } = {}) => {
    waiting?.abort();
    const mine = waiting = new AbortController();
    document.documentElement.setAttribute("aria-busy", "true");
    try {
      const found = await ask(address, { ...options, signal: mine.signal });
      if (!found) return;
      const type = found.answer.headers.get("Content-Type") ?? "";
      const html = await found.answer.text();
      if (!type.startsWith("text/html")) throw new Error("this is no page");
      if (found.answer.status === 401 && form && options.method) {
        // The session has ended: the page stays, with what was typed.
        form.dispatchEvent(new Event("page:answered", { bubbles: true }));
        page.complain(page.phrase("sessionEnded"));
        return;
      }
      if (found.moved || !options.method) enter(found.address, record);
      show(html, { scroll });
    } catch (trouble) {
      if (trouble.name === "AbortError") return;
      form?.dispatchEvent(new Event("page:answered", { bubbles: true }));
      page.complain(navigator.onLine === false ? page.phrase("offline") : "");
    } finally {
      if (waiting === mine) {
        waiting = null;
        document.documentElement.removeAttribute("aria-busy");
      }
    }
  };

  // --- What people do ------------------------------------------------------------------------------------------------

  const stays = (target) => !target || target === "_self";

  document.addEventListener("click", (event) => {
    if (!active() || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || !stays(link.target) || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash && link.pathname + link.search === here()) return;
    event.preventDefault();
    visit(link.href);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!active() || event.defaultPrevented) return;
    const button = event.submitter;
    const told = (name) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
    const method = told("method").toLowerCase() || "get";
    const address = new URL(told("action") || location.href, location.href);
    if (method === "dialog" || !stays(told("target")) || address.origin !== location.origin) return;
    event.preventDefault();
    const fields = new FormData(form, button);
    if (method === "get") {
      address.search = new URLSearchParams(fields);
      visit(address, {}, { form });
    } else {
      const body = told("enctype") === "multipart/form-data" ? fields : new URLSearchParams(fields);
      visit(address, { method: "POST", body }, { form });
    }
  });

  window.addEventListener("popstate", (event) => {
    // Another place on the same page is the browser's own affair.
    if (!active() || here() === shown) return;
    visit(location.href, {}, { record: false, scroll: event.state?.scroll ?? 0 });
  });

  // --- How it begins -------------------------------------------------------------------------------------------------

  const begin = (address) => {
    history.scrollRestoration = "manual";
    history.replaceState({}, "", address);
    return visit(address, {}, { record: false });
  };

  // The answer to a launch, as text: it hands over the token and says where to go, or it is a refusal.
  page.take = (html) => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const token = parsed.querySelector('meta[name="lti-token"]')?.content;
    if (!token) return show(html);
    page.keepToken(token);
    return begin(parsed.querySelector('meta[name="lti-opens"]').content);
  };

  const handed = document.querySelector('meta[name="lti-token"]');
  if (handed) page.take(document.documentElement.outerHTML);
  else if (document.body.hasAttribute("data-try-token") && page.rememberedToken()) {
    // After a reload the server has seen no token. What it has answered is not shown while ours is tried.
    document.documentElement.classList.add("trying");
    begin(location.href).finally(() => document.documentElement.classList.remove("trying"));
  }
}
