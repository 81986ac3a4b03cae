// Numbers, days and durations as people read them. Days are counted from 1970-01-01, UTC.

const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const shortNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const format = {
  number(value) {
    if (value == null) return "–";
    return (Math.abs(value) < 100 && !Number.isInteger(value) ? shortNumber : wholeNumber).format(value);
  },

  percent(share) {
    return share == null ? "–" : `${shortNumber.format(100 * share)}\u00a0%`;
  },

  change(share) {
    return `${format.sign(share)}${format.percent(Math.abs(share))}`;
  },

  points(change) {
    return `${format.sign(change)}${shortNumber.format(Math.abs(100 * change))} points`;
  },

  sign(change) {
    return Math.abs(change) < 0.0005 ? "±" : change < 0 ? "−" : "+";
  },

  duration(seconds) {
    if (seconds == null) return "–";
    if (seconds < 60) return `${shortNumber.format(seconds)}\u00a0s`;
    if (seconds < 3600) return `${shortNumber.format(seconds / 60)}\u00a0min`;
    return `${shortNumber.format(seconds / 3600)}\u00a0h`;
  },

  day(day) {
    return day == null ? "–" : new Date(day * 86400000).toISOString().slice(0, 10);
  },

  moment(text) {
    return text == null ? "–" : `${new Date(text).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  },

  ago(text, now = Date.now()) {
    const minutes = Math.round((now - new Date(text)) / 60000);
    if (minutes < 1) return "just now";
    if (minutes < 120) return `${minutes} min ago`;
    if (minutes < 2880) return `${Math.round(minutes / 60)} hours ago`;
    return `${Math.round(minutes / 1440)} days ago`;
  },

  words(name) {
    return name.replaceAll("_", " ");
  },

  label(label) {
    return label == null ? "nothing" : label === "" ? "no label" : label;
  },

  times(count, noun) {
    return `${format.number(count)} ${noun}${count === 1 ? "" : "s"}`;
  },
};

const days = {
  read(text) {
    return text ? Math.round(Date.parse(`${text.slice(0, 10)}T00:00:00Z`) / 86400000) : null;
  },

  // The first day of the week, month or year that a day is in; weeks begin on Monday.
  start(day, grain) {
    if (day == null || grain === "all") return null;
    if (grain === "day") return day;
    if (grain === "week") return day - ((((day + 3) % 7) + 7) % 7);
    const date = new Date(day * 86400000);
    return Math.round(Date.UTC(date.getUTCFullYear(), grain === "month" ? date.getUTCMonth() : 0, 1) / 86400000);
  },

  // The first day of a period so many periods later than the one that begins on a day.
  shift(start, grain, periods) {
    if (grain === "day") return start + periods;
    if (grain === "week") return start + 7 * periods;
    const date = new Date(start * 86400000);
    const months = date.getUTCMonth() + (grain === "month" ? periods : 12 * periods);
    return Math.round(Date.UTC(date.getUTCFullYear(), months, 1) / 86400000);
  },

  // Whole periods from the one that begins on one day up to that of another, both counted.
  count(first, last, grain) {
    if (grain === "day") return last - first + 1;
    if (grain === "week") return (last - first) / 7 + 1;
    const [a, b] = [new Date(first * 86400000), new Date(last * 86400000)];
    const years = b.getUTCFullYear() - a.getUTCFullYear();
    return (grain === "month" ? 12 * years + b.getUTCMonth() - a.getUTCMonth() : years) + 1;
  },
};
