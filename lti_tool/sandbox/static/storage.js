// Keeps small values for tools while a page is open (LTI postMessage Storage 0.1). Each origin sees its own alone.
//
// The page around the tool runs this. data-keeps="here": it keeps the values itself; otherwise data-keeps names the frame that
// does, and this page only says so (lti.capabilities).
"use strict";

{
  const MOST_KEYS = 500;
  const MOST_CHARACTERS = 4096 * 16;
  const keeps = document.body.dataset.keeps;
  const kept = new Map();
  const SUBJECTS = ["lti.put_data", "lti.get_data"];

  const capabilities = () => [
    { subject: "lti.capabilities" },
    ...SUBJECTS.map((subject) => (keeps === "here" ? { subject } : { subject, frame: keeps })),
  ];

  const put = (own, key, value) => {
    if (value === null || value === undefined) {
      own.delete(key);
      return null;
    }
    const size = [...own].reduce((sum, [name, text]) => sum + (name === key ? 0 : name.length + text.length), 0);
    if ((!own.has(key) && own.size >= MOST_KEYS) || size + key.length + value.length > MOST_CHARACTERS) {
      return { code: "storage_exhaustion", message: "No more is kept for this tool." };
    }
    own.set(key, value);
    return null;
  };

  const answer = (data, origin) => {
    if (data.subject === "lti.capabilities") return { supported_messages: capabilities() };
    if (keeps !== "here" || !SUBJECTS.includes(data.subject)) {
      return { error: { code: "unsupported_subject", message: "This window does not do that." } };
    }
    const { key, value } = data;
    const isText = value === null || value === undefined || typeof value === "string";
    if (typeof key !== "string" || !key || !isText) {
      return { error: { code: "bad_request", message: "A key and a value are texts." } };
    }
    if (!kept.has(origin)) kept.set(origin, new Map());
    const own = kept.get(origin);
    if (data.subject === "lti.get_data") return { key, value: own.get(key) ?? null };
    const error = put(own, key, value);
    return error ? { key, error } : { key, value: value ?? null };
  };

  window.addEventListener("message", (event) => {
    const { data, origin, source } = event;
    if (!source || !data || typeof data.subject !== "string" || !data.message_id) return;
    if (!/^lti\.[a-z_]+$/.test(data.subject)) return;
    source.postMessage({ subject: `${data.subject}.response`, message_id: data.message_id, ...answer(data, origin) }, origin);
  });
}
