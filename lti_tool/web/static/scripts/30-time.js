// Moments come in UTC and are shown in the reader's own zone: the one the LMS gave, or else the browser's.
{
  const language = document.documentElement.lang || undefined;
  const known = (name) => {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: name }) && name;
    } catch {
      return null;
    }
  };
  const given = document.documentElement.dataset.timeZone;
  const timeZone = (given && known(given)) || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const styles = {
    date: { dateStyle: "medium", timeZone },
    time: { timeStyle: "short", timeZone },
    datetime: { dateStyle: "medium", timeStyle: "short", timeZone },
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

  // Today, tomorrow, a day of this week: by the reader's own midnights.
  const near = (moment) => {
    const day = (at) => Date.parse(new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(at));
    const days = Math.round((day(moment) - day(new Date())) / 86400000);
    const time = moment.toLocaleString(language, styles.time);
    if (Math.abs(days) <= 1) return `${new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day")}, ${time}`;
    if (days > 1 && days < 7) return `${moment.toLocaleDateString(language, { weekday: "short", month: "short", day: "numeric", timeZone })}, ${time}`;
    return moment.toLocaleString(language, styles.datetime);
  };

  const fields = new Intl.DateTimeFormat("en", {
    timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  const local = (moment) => {
    const part = Object.fromEntries(fields.formatToParts(moment).map(({ type, value }) => [type, value]));
    return `${part.year.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
  };

  const localise = (root) => {
    for (const element of root.querySelectorAll("time[data-local]")) {
      const moment = new Date(element.dateTime);
      const style = element.dataset.local;
      delete element.dataset.local;
      const exact = moment.toLocaleString(language, styles.datetime);
      if (style === "relative") {
        element.textContent = relative(moment);
        element.title = exact;
      } else if (style === "due") {
        element.textContent = near(moment);
      } else {
        element.textContent = moment.toLocaleString(language, styles[style] ?? styles.datetime);
      }
    }
    for (const input of root.querySelectorAll("input[data-utc]")) {
      input.value = local(new Date(input.dataset.utc));
      delete input.dataset.utc;
    }
    for (const input of root.querySelectorAll("input[data-time-zone]")) {
      input.value = timeZone;
    }
  };
  localise(document);
  document.addEventListener("htmx:load", (event) => localise(event.target));
}
