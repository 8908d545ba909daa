// A form that is only passing through (a message to the LMS) is sent as soon as it is there; its button stays for no script.
{
  const send = () => document.querySelector("form[data-send-now]:not([data-sent])")?.requestSubmit();
  send();
  document.addEventListener("htmx:afterSettle", send);
}
