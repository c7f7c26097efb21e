// Optional extras; every page works without them: copying, printing, lookups in series.
"use strict";

// Speaks to screen readers.
const announcer = document.createElement("p");
announcer.className = "visually-hidden";
announcer.setAttribute("role", "status");
document.body.append(announcer);

function enableCopying(button) {
  if (!navigator.clipboard) return; // browsers offer it over HTTPS and on localhost only
  const label = [...button.childNodes];
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent.trim());
      button.textContent = announcer.textContent = button.dataset.done;
      setTimeout(() => { button.replaceChildren(...label); announcer.textContent = ""; }, 3000);
    } catch {
      getSelection().selectAllChildren(text); // permission denied: select it for copying by hand
    }
  });
}

function enablePrinting(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    document.body.dataset.print = button.dataset.print; // the styles print this part alone, if any
    window.print();
  });
}

// Lookups in series: type the next zipcode at once, or see another base year at once.
function enableSeries(form) {
  const field = form.elements.zipcode;
  const heading = document.querySelector(".answer h2");

  function focusField(event) {
    field.focus({ preventScroll: !event });
    field.select();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=radio]), textarea, select")) return;
    event.preventDefault();
    focusField(event);
  });
  if (!heading || form.querySelector("[aria-invalid]")) return;
  form.querySelectorAll("[name=year]").forEach((radio) => radio.addEventListener("change", () => {
    sessionStorage.setItem("focus", "year"); // arrow keys go on to the next base year
    form.requestSubmit();
  }));
  addEventListener("pageshow", () => form.reset()); // going back would show another choice than the result's
  if (form.querySelector(".invalid")) return; // the field to correct has the focus
  const lastFocus = sessionStorage.getItem("focus");
  sessionStorage.removeItem("focus");
  if (lastFocus) form.querySelector("[name=year]:checked")?.focus({ preventScroll: true });
  else if (matchMedia("(pointer: coarse)").matches) heading.focus(); // no keyboard over the result
  else focusField();
}

// On a phone, the menu is wider than the screen.
document.querySelector(".main-menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.querySelectorAll("#lookup").forEach(enableSeries);
document.querySelectorAll("[data-copy]").forEach(enableCopying);
document.querySelectorAll("[data-print]").forEach(enablePrinting);
addEventListener("afterprint", () => { delete document.body.dataset.print; });
