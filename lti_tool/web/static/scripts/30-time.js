// Moments come in UTC and are shown in the reader's own zone.
{
  const language = document.documentElement.lang || undefined;
  const styles = {
    date: { dateStyle: "medium" },
    time: { timeStyle: "short" },
    datetime: { dateStyle: "medium", timeStyle: "short" },
  };
  const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

  const relative = (moment) => {
    const seconds = (moment - Date.now()) / 1000;
    const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    for (const [unit, length] of steps) {
      if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
    }
    return words.format(0, "minute");
  };

  const pad = (number) => String(number).padStart(2, "0");
  const local = (moment) =>
    `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;

  const localise = (root) => {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const moment = new Date(element.dateTime);
      const style = element.dataset.local;
      delete element.dataset.local;
      const exact = moment.toLocaleString(language, styles.datetime);
      if (style === "relative") {
        element.textContent = relative(moment);
        element.title = exact;
      } else {
        element.textContent = moment.toLocaleString(language, styles[style] ?? styles.datetime);
      }
    }
    for (const input of root.querySelectorAll("input[data-utc]")) {
      input.value = local(new Date(input.dataset.utc));
      delete input.dataset.utc;
    }
    for (const input of root.querySelectorAll("input[data-time-zone]")) {
      input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    }
  };
  localise(document);
  document.addEventListener("htmx:load", (event) => localise(event.target));
}
