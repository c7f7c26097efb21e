// Read the chart with mouse, finger and arrow keys. Without it, the table has all values.
"use strict";

// Values by month of a path such as M0-6981l1-21 1 5: months from the first, and hundredths downwards.
function valuesOf(path) {
  const numbers = (path.match(/-?\d+/g) || []).map(Number);
  const values = new Map();
  let month = 0, hundredths = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    month += numbers[at];
    hundredths -= numbers[at + 1];
    values.set(month, hundredths / 100);
  }
  return values;
}

function enableReading(figure) {
  const { first, marks, url, label } = figure.dataset;
  const [top, height] = figure.querySelector("svg svg").getAttribute("viewBox").split(" ").filter((_, at) => at % 2);
  const lines = [":not(.chart-second)", ".chart-second"].map((which) =>
    valuesOf(figure.querySelector(`path.chart-line${which}`)?.getAttribute("d") || ""));
  const months = [...lines[0].keys()];
  const markOf = Object.fromEntries([...marks.matchAll(/(\d+)(\D)/g)]
    .flatMap(([, count, mark]) => Array(Number(count)).fill(mark)).map((mark, index) => [months[index], mark]));
  const last = months[months.length - 1];
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, useGrouping: false });
  const monthName = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" });
  const reading = figure.querySelector(".chart-reading");
  const reader = document.createElement("div");
  const cursor = document.createElement("i");
  const dots = lines.map(() => document.createElement("b"));
  let at = last;

  reader.className = "chart-reader";
  reader.tabIndex = 0;
  reader.setAttribute("role", "slider");
  reader.setAttribute("aria-label", label);
  reader.setAttribute("aria-valuemin", "0");
  reader.setAttribute("aria-valuemax", String(last));
  reader.append(cursor, ...dots);

  function monthAt(index) {
    const [year, month] = first.split("-").map(Number);
    return new Date(Date.UTC(year, month - 1 + index));
  }

  function setValue() {
    reader.setAttribute("aria-valuenow", String(at));
    reader.setAttribute("aria-valuetext", monthName.format(monthAt(at)));
  }

  function textOf(selector) {
    return figure.querySelector(selector)?.textContent.trim();
  }

  function show(index) {
    at = Math.min(Math.max(index, 0), last);
    setValue();
    const month = monthAt(at);
    const link = document.createElement("a");
    link.href = url + month.toISOString().slice(0, 7);
    link.textContent = monthName.format(month);
    const [value, mean] = lines.map((line) => line.has(at) && number.format(line.get(at)));
    const texts = [mean && `${textOf("[data-second]")} ${mean}`, textOf(`[data-mark="${markOf[at]}"]`)];
    const strong = document.createElement("strong");
    strong.textContent = value || "–";
    reading.replaceChildren(value ? link : link.textContent, " ", strong,
      ...texts.filter(Boolean).map((text) => ` · ${text}`));

    const left = `${last ? (100 * at) / last : 50}%`;
    cursor.style.left = left;
    dots.forEach((dot, line) => {
      dot.hidden = !lines[line].has(at);
      dot.style.left = left;
      dot.style.top = `${(100 * (-100 * lines[line].get(at) - top)) / height}%`;
    });
    reader.classList.add("reading");
  }

  function point(event) {
    const box = reader.getBoundingClientRect();
    show(Math.round(((event.clientX - box.left) / box.width) * last));
  }

  const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 };
  reader.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in STEPS) show(at + STEPS[event.key]);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(last);
    else return;
    event.preventDefault();
  });
  reader.addEventListener("pointerdown", point);
  reader.addEventListener("pointermove", point);

  setValue();
  figure.querySelector(".chart-frame").append(reader);
}

enableReading(document.getElementById("chart"));
