// Makes pages that work without it a little quicker: suggestions while typing, copying, printing.
"use strict";

const PAUSE_MS = 120; // between the last key and the question, so that fast typing asks once

// A combobox as the ARIA authoring practices have it: the list is of options, the focus stays in the field.
function suggest(field) {
  const list = document.createElement("ul");
  const told = document.createElement("p");
  let chosen = -1, timer, asked;

  list.id = field.id + "-list";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels[0].textContent);
  told.className = "unseen";
  told.setAttribute("role", "status");
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  field.after(list, told);

  function show(places) {
    list.replaceChildren(...places.map((place, index) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.textContent = `${place.zipcode} ${place.name}`;
      return option;
    }));
    choose(-1);
    list.hidden = !places.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    told.textContent = places.length ? field.dataset.found.replace("#", places.length) : "";
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", list.children[index].id);
  }

  function take(option) {
    field.value = option.textContent;
    show([]);
    field.form.requestSubmit();
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const text = field.value.trim();
    if (text.length < 2) return show([]);
    try {
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(text)}&limit=8`, { signal: asked.signal });
      if (answer.ok) show((await answer.json()).results);
    } catch { /* typed on, or out of reach: the form itself still works */ }
  }

  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); });
  field.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp") choose((chosen < 1 ? count : chosen) - 1);
    else if (event.key === "Escape") show([]);
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("li");
    event.preventDefault(); // else the field loses the focus, and the list goes before the click
    if (option) take(option);
  });
  field.addEventListener("blur", () => { clearTimeout(timer); asked?.abort(); show([]); });
}

function offerToCopy(button) {
  if (!navigator.clipboard) return; // only pages that came over HTTPS or from this machine may
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}

function offerToPrint(button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Says it before the file is sent; who sends it all the same is told by the server.
function refuseLargeFiles(field) {
  field.addEventListener("change", () => {
    const isTooLarge = [...field.files].some((file) => file.size > Number(field.dataset.mostBytes));
    field.setCustomValidity(isTooLarge ? field.dataset.tooLarge : "");
    field.reportValidity();
  });
}

document.querySelectorAll("[data-suggest]").forEach(suggest);
document.querySelectorAll("[data-copy]").forEach(offerToCopy);
document.querySelectorAll("[data-most-bytes]").forEach(refuseLargeFiles);
document.querySelectorAll("[data-print]").forEach(offerToPrint);
