// Sends the form of lists in the background, so that the file stays chosen in it: with progress, once at a time,
// and with the way back. Without this script, the form works as forms do.
"use strict";

// The pages of this tab by the number in their history state. A file cannot be kept in them, and moves along.
const pages = new Map();
let current = 0;
let isSending = false;

const form = () => document.getElementById("list");

function pageOf(document) {
  return { nodes: [...document.body.childNodes], lang: document.documentElement.lang, title: document.title };
}

function parsed(text) {
  return pageOf(new DOMParser().parseFromString(text, "text/html"));
}

// Shows another page around what was entered.
function show(page) {
  const text = form().elements.zipcodes.value;
  const files = form().elements.file.files;
  const day = form().elements.on.value;
  document.body.replaceChildren(...page.nodes);
  document.documentElement.lang = page.lang;
  document.title = page.title;
  form().elements.zipcodes.value = text;
  form().elements.file.files = files;
  form().elements.on.value = day;
  if (day) form().querySelector("details").open = true;
  (document.querySelector("#totals, [autofocus]") ?? document.querySelector("h1")).focus();
}

function push(page, url) {
  current = Math.max(...pages.keys()) + 1;
  pages.set(current, page);
  show(page);
  history.pushState({ list: current }, "", url);
}

function save(blob, disposition) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = disposition.split("filename=")[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function progress(text, value) {
  const shown = form().querySelector(".progress");
  shown.hidden = !text;
  shown.querySelector("span").textContent = text;
  const bar = shown.querySelector("progress");
  if (value === undefined) bar.removeAttribute("value");
  else bar.value = value;
}

function send(action) {
  if (isSending) return;
  isSending = true;
  const { sending, reading, failed } = form().dataset;
  const data = new FormData(form());
  data.set("action", action);
  const request = new XMLHttpRequest();
  request.open("POST", form().getAttribute("action")); // its property is the buttons of that name
  request.responseType = "blob";
  request.setRequestHeader("X-Background", "1"); // errors in the form come as pages with status 200
  request.setRequestHeader("Accept", "text/html,*/*;q=0.8");
  form().setAttribute("aria-busy", "true");
  progress(reading);
  request.upload.onprogress = (event) => {
    const percent = Math.floor(100 * event.loaded / event.total);
    if (percent < 100) progress(sending.replace("#", percent), percent);
    else progress(reading);
  };
  request.onloadend = async () => {
    isSending = false;
    form().removeAttribute("aria-busy");
    progress("");
    const disposition = request.getResponseHeader("Content-Disposition");
    const type = request.getResponseHeader("Content-Type") ?? "";
    if (disposition) save(request.response, disposition);
    else if (type.startsWith("text/html")) push(parsed(await request.response.text()), location.href);
    else {
      progress(failed);
      form().querySelector("progress").hidden = true;
    }
  };
  request.send(data);
}

// Gets this page in another language, and shows the results in it.
async function translate(url) {
  const hasResults = document.getElementById("totals");
  const column = form().elements.column?.value;
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) return location.assign(url);
  push(parsed(await response.text()), url);
  if (!hasResults) return;
  if (column) form().append(Object.assign(document.createElement("input"), { type: "hidden", name: "column", value: column }));
  send("show");
}

function isFilled() {
  const { zipcodes, file } = form().elements;
  return zipcodes.value.trim() || file.files.length;
}

// Says it before the file is sent; the server refuses it all the same.
function refuseLargeFiles(field) {
  const isTooLarge = [...field.files].some((file) => file.size > Number(field.dataset.mostBytes));
  field.setCustomValidity(isTooLarge ? field.dataset.tooLarge : "");
  field.reportValidity();
}

document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  const url = event.submitter?.getAttribute("formaction");
  if (!url) send(event.submitter?.value ?? "show");
  else if (isFilled()) translate(event.submitter.formAction);
  else location.assign(url);
});

document.addEventListener("input", (event) => {
  if (event.target.name !== "zipcodes" && event.target.name !== "file") return;
  if (event.target.name === "file") refuseLargeFiles(event.target);
  // The column was chosen in another list.
  const column = form().elements.column;
  if (column) (column.closest(".field") ?? column).remove();
});

addEventListener("popstate", (event) => {
  const page = pages.get(event.state?.list);
  if (!page) {
    if (event.state?.list !== undefined) location.reload();
    return;
  }
  current = event.state.list;
  show(page);
});

history.replaceState({ list: current }, "");
pages.set(current, pageOf(document));
