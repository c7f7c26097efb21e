// Read the chart with mouse, finger and arrow keys. Without it, the table has all values.
"use strict";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -12, PageUp: 12 };

function set(element, attributes) {
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  return element;
}

function drawn(name, attributes) {
  return set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
}

// Values by month of a path such as M0-6981l1-21 1 5: months from the first, and hundredths downwards.
function valuesOf(path) {
  const values = new Map();
  let month = 0, hundredths = 0;
  for (const [, x, y] of path.matchAll(/(-?\d+)\s?(-?\d+)/g)) {
    month += Number(x);
    hundredths -= Number(y);
    values.set(month, hundredths / 100);
  }
  return values;
}

function enableReading(figure) {
  const { first, marks, url, label } = figure.dataset;
  const find = (selector) => figure.querySelector(selector);
  const [, top, , height] = find("svg svg").getAttribute("viewBox").split(" ");
  const lines = ["path.chart-line:not(.chart-second)", "path.chart-second"].map(
    (selector) => valuesOf(find(selector)?.getAttribute("d") || ""));
  // Such as 12c3-: twelve months marked with c, then three without a mark.
  const markOf = [...marks.matchAll(/(\d+)(\D)/g)].flatMap(([, count, mark]) => Array(Number(count)).fill(mark));
  const months = [...lines[0].keys()];
  const last = months[months.length - 1];
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, useGrouping: false });
  const monthName = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" });
  const reader = document.createElement("div");
  const cursor = drawn("line", { class: "chart-line", y1: 0, y2: "100%" });
  const dots = lines.map(() => drawn("circle", { class: "chart-dot" }));
  let at;

  function monthAt(index) {
    return new Date(Date.UTC(first.slice(0, 4), first.slice(5) - 1 + index));
  }

  function moveTo(index) {
    at = Math.min(Math.max(index, 0), last);
    set(reader, { "aria-valuenow": at, "aria-valuetext": monthName.format(monthAt(at)) });
  }

  function show(index) {
    moveTo(index);
    const [value, mean] = lines.map((line) => line.has(at) && number.format(line.get(at)));
    const month = document.createElement(value ? "a" : "span");
    const strong = document.createElement("strong");
    if (value) month.href = url + monthAt(at).toISOString().slice(0, 7);
    month.textContent = monthName.format(monthAt(at));
    strong.textContent = value || "–";
    const notes = [mean && `${find("[data-second]").textContent} ${mean}`,
      find(`[data-mark="${markOf[months.indexOf(at)]}"]`)?.textContent.trim()];
    find(".chart-reading").replaceChildren(month, " ", strong, ...notes.filter(Boolean).map((note) => ` · ${note}`));
    const x = `${last ? (100 * at) / last : 50}%`;
    set(cursor, { x1: x, x2: x });
    dots.forEach((dot, line) => {
      const known = lines[line].has(at);
      const y = known ? (-100 * (100 * lines[line].get(at) + Number(top))) / height : 0;
      set(dot, { cx: x, cy: `${y}%`, r: known ? 5 : 0 });
    });
    find("svg.chart").append(cursor, ...dots);
  }

  function point(event) {
    const box = reader.getBoundingClientRect();
    show(Math.round(((event.clientX - box.left) / box.width) * last));
  }

  reader.className = "chart-reader";
  reader.tabIndex = 0;
  set(reader, { role: "slider", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": last });
  reader.addEventListener("pointerdown", point);
  reader.addEventListener("pointermove", point);
  reader.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const ends = { Home: 0, End: last };
    const target = event.key in STEPS ? at + STEPS[event.key] : ends[event.key];
    if (target === undefined) return;
    show(target);
    event.preventDefault();
  });
  moveTo(last);
  find(".chart-frame").append(reader);
}

enableReading(document.getElementById("chart"));
