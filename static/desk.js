// Makes pages that work without it a little quicker: suggestions while typing, copying, printing.
"use strict";

const PAUSE_MS = 120; // between the last key and the question, so that fast typing asks once

// What a place and its municipality are called on this page: as name_in and municipality_in of
// place_names.py have it, because the API answers in all languages at once.
function namesOf(place) {
  const language = document.documentElement.lang;
  const there = place.name.split(" / ");
  const name = place.names[language] || place.name;
  const names = place.municipality.names;
  const local = Object.keys(place.names).find((code) => there.includes(place.names[code]) && names[code]);
  return [
    name === place.name || there.includes(name) ? name : `${name} (${place.name})`,
    names[language] || names[local] || Object.values(names)[0] || "",
  ];
}

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
      const [name, municipality] = namesOf(place);
      option.textContent = option.dataset.value = `${place.zipcode} ${name}`;
      if (!name.includes(municipality)) {
        option.append(" ", Object.assign(document.createElement("small"), { textContent: municipality }));
      }
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

  // What is on its way would open the list again, or choose another place in it.
  function stopAsking() {
    clearTimeout(timer);
    asked?.abort();
  }

  function close() {
    stopAsking();
    show([]);
  }

  function take(option) {
    field.value = option.dataset.value;
    field.form.requestSubmit();
  }

  async function ask() {
    const text = field.value.trim();
    if (text.length < 2) return show([]);
    asked = new AbortController();
    try {
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(text)}&limit=8`, { signal: asked.signal });
      show(answer.ok ? (await answer.json()).results : []);
    } catch (error) {
      if (error.name !== "AbortError") show([]); // out of reach: the form itself still works
    }
  }

  field.addEventListener("input", () => { stopAsking(); timer = setTimeout(ask, PAUSE_MS); });
  field.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.isComposing || event.key === "Escape") {
      if (!event.isComposing) close();
      return;
    }
    if (list.hidden) return;
    if (event.key.startsWith("Arrow")) stopAsking();
    if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp") choose((chosen < 1 ? count : chosen) - 1);
    else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // else the field loses the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("li");
    if (option) take(option);
  });
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
}

function offerToCopy(button) {
  if (!navigator.clipboard) return; // only pages that came over HTTPS or from this machine may
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(text); // not allowed: it can be copied by hand
    }
  });
}

function offerToPrint(button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.querySelectorAll("[data-suggest]").forEach(suggest);
document.querySelectorAll("[data-copy]").forEach(offerToCopy);
document.querySelectorAll("[data-print]").forEach(offerToPrint);
