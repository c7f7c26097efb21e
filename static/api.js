// Sends requests from the page of the API, and shows their responses. Without this script, the forms lead to them.
"use strict";

const SHOWN_HEADERS = [
  "Content-Type", "Last-Modified", "ETag", "Cache-Control", "Cache-Status", "Retry-After", "Allow",
];

// Rendering megabytes would freeze the page.
const MAX_SHOWN_CHARACTERS = 20_000;

function urlOf(form) {
  let path = form.dataset.path ?? form.getAttribute("action");
  const query = new URLSearchParams();
  for (const { name, value } of form.querySelectorAll("[name]")) {
    const inPath = `{${name}}`;
    if (path.includes(inPath)) path = path.replace(inPath, () => encodeURIComponent(value.trim()));
    else if (value.trim()) query.append(name, value.trim());
  }
  return String(query) ? `${path}?${query}` : path;
}

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

function readable(text, type) {
  let shown = text;
  try {
    if (/json/.test(type)) shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {} // cut off on its way: shown as it came
  const more = shown.length - MAX_SHOWN_CHARACTERS;
  return more > 0 ? `${shown.slice(0, MAX_SHOWN_CHARACTERS)}\n\n… and ${more} more characters` : shown;
}

function enableTrying(form) {
  const status = element("p", "", { className: "outcome" });
  const details = document.createElement("div");
  let request;
  status.setAttribute("role", "status");
  form.append(status, details);
  form.querySelectorAll(":disabled").forEach((field) => { field.disabled = false; });

  async function send(url) {
    request?.abort(); // only the last request counts
    request = new AbortController();
    status.textContent = "Sending …";
    details.replaceChildren();
    const response = await fetch(url, { signal: request.signal });
    const { headers } = response;
    const body = readable(await response.text(), headers.get("Content-Type") ?? "");
    const lines = SHOWN_HEADERS.filter((name) => headers.has(name)).map((name) => `${name}: ${headers.get(name)}`);
    status.textContent = `${response.status} ${response.statusText}`;
    details.append(
      element("a", url, { href: url }),
      element("pre", lines.join("\n"), { tabIndex: 0 }),
      element("pre", body, { tabIndex: 0 }),
    );
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(urlOf(form)).catch((error) => {
      if (error.name !== "AbortError") status.textContent = "No response: the server cannot be reached.";
    });
  });
}

document.querySelectorAll(".try").forEach(enableTrying);
