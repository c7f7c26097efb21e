// Suggestions while typing; the lookup works without them.
"use strict";

const DEBOUNCE_MS = 120; // fast typing sends one request

// Names of a place and its municipality in the language of the page. Mirrors name_in and municipality_in
// of zipcodes/place.py, because the API returns all languages at once.
function namesOf(place) {
  const language = document.documentElement.lang;
  const localNames = place.name.split(" / ");
  const name = place.names[language] || place.name;
  const names = place.municipality.names;
  const local = Object.keys(place.names).find((code) => localNames.includes(place.names[code]) && names[code]);
  return [
    name === place.name || localNames.includes(name) ? name : `${name} (${place.name})`,
    names[language] || names[local] || Object.values(names)[0] || "",
  ];
}

// Combobox pattern of the ARIA Authoring Practices: a list of options, with the focus staying in the field.
function suggest(field) {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  let selected = -1, timer, request;

  list.id = field.id + "-list";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels[0].textContent);
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");
  field.after(list, status);

  function show(places, total = 0) {
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
    select(-1);
    list.hidden = !places.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = places.length ? field.dataset.found.replace("#", places.length) : "";
    if (total > places.length) {
      status.textContent = field.dataset.cut.replace("##", total).replace("#", places.length);
      const line = document.createElement("li");
      line.setAttribute("role", "presentation");
      line.textContent = status.textContent;
      list.append(line);
    }
  }

  function options() {
    return list.querySelectorAll("[role=option]"); // without the line that says how many there are
  }

  function select(index) {
    selected = index;
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", list.children[index].id);
  }

  // A late response would reopen the list, or move the selection.
  function cancelRequest() {
    clearTimeout(timer);
    request?.abort();
  }

  function close() {
    cancelRequest();
    show([]);
  }

  function submit(option) {
    field.value = option.dataset.value;
    field.form.requestSubmit();
  }

  async function load() {
    const text = field.value.trim();
    if (text.length < 2) return show([]);
    request = new AbortController();
    try {
      const url = `${field.dataset.suggest}?q=${encodeURIComponent(text)}&limit=8`;
      const response = await fetch(url, { signal: request.signal });
      const found = response.ok ? await response.json() : { results: [] };
      show(found.results, found.matches);
    } catch (error) {
      if (error.name !== "AbortError") show([]); // server unreachable: the form still works
    }
  }

  field.addEventListener("input", () => { cancelRequest(); timer = setTimeout(load, DEBOUNCE_MS); });
  field.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.isComposing || event.key === "Escape") {
      if (!event.isComposing) close();
      return;
    }
    if (list.hidden) return;
    if (event.key.startsWith("Arrow")) cancelRequest();
    if (event.key === "ArrowDown") select((selected + 1) % count);
    else if (event.key === "ArrowUp") select((selected < 1 ? count : selected) - 1);
    else if (event.key === "Enter" && selected >= 0) submit(list.children[selected]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the field
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) submit(option);
  });
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
}

document.querySelectorAll("[data-suggest]").forEach(suggest);
