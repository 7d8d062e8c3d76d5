// Keys on the lists (j k x Enter ?), boxes to choose rows by, and no refreshing of a page
// nobody looks at. The key / is that of frame.js.
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("[data-row-link]")];
  let current = -1;

  // In a row's box nobody writes: the keys go on from there.
  const isTyping = (target) =>
    target.matches("input:not([data-select]), select, textarea, [contenteditable]");

  function mark(next) {
    const all = rows();
    if (!all.length) return;
    current = Math.max(0, Math.min(all.length - 1, next));
    all.forEach((row, index) => row.classList.toggle("sl-current", index === current));
    all[current].scrollIntoView({ block: "nearest" });
  }

  // The focus goes along, so that Tab and a screen reader go on from that row.
  function move(next) {
    mark(next);
    rows()[current]?.querySelector("a")?.focus({ preventScroll: true });
  }

  function open() {
    const link = rows()[current]?.querySelector("a");
    if (link) link.click();
  }

  function choose() {
    rows()[current]?.querySelector("[data-select]")?.click();
  }

  function showKeys() {
    const dialog = document.getElementById("sl-keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  const actions = {
    j: () => move(current + 1),
    k: () => move(current - 1),
    x: choose,
    Enter: () => current >= 0 && open(),
    "?": showKeys,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
    // The rows lie below an open dialog.
    if (document.querySelector("dialog[open]")) return;
    const action = actions[event.key];
    if (!action) return;
    // The row that has the focus is the one that is meant.
    const here = rows().findIndex((row) => row.contains(event.target));
    if (here >= 0) current = here;
    // In a box Enter would send the boxes' form.
    if (event.key !== "Enter" || here >= 0) event.preventDefault();
    action();
  });

  // A refresh in a hidden tab or under an open menu would only cost or disturb.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polled = event.target.closest("[data-poll]");
    if (!polled) return;
    const busy = polled.contains(document.activeElement)
      && document.activeElement.matches("input, select, textarea");
    const inUse = "details[open], [data-select]:checked";
    if (document.hidden || busy || polled.querySelector(inUse)) {
      event.preventDefault();
    }
  });

  // What replaces the rows would take the focus away with the old ones.
  let hadFocus = false;
  document.addEventListener("htmx:beforeSwap", () => {
    hadFocus = rows()[current]?.contains(document.activeElement) ?? false;
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (current >= 0) (hadFocus ? move : mark)(current);
  });

  // One box for all of a page, which only a script can offer.
  const boxes = () => [...document.querySelectorAll("[data-select]")];

  function offerAll() {
    const all = document.querySelector("[data-select-all]");
    if (all) all.hidden = false;
  }

  document.addEventListener("DOMContentLoaded", offerAll);
  document.addEventListener("htmx:afterSwap", offerAll);
  document.addEventListener("change", (event) => {
    const all = document.querySelector("[data-select-all] input");
    if (!all) return;
    if (event.target === all) {
      for (const box of boxes()) box.checked = all.checked;
    } else if (event.target.matches("[data-select]")) {
      all.checked = boxes().every((box) => box.checked);
    }
  });

  // The admin's look expects a text field beside each file field, which ours lack.
  document.addEventListener("change", (event) => {
    if (event.target.matches(".sl-page input[type=file]")) event.stopPropagation();
  }, true);

  // A filter applies when its choice changes; without script there is its button.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-filter]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
})();

// The ship form: names what a choice would take below zero before the button is pressed.
// Without it, or where others ship meanwhile, the server asks the same.
(() => {
  const form = document.querySelector("[data-ship-form]");
  const asked = form?.querySelector("[data-below-zero]");
  if (!asked) return;
  const box = asked.querySelector("input");

  // What the form takes from each variant and warehouse, by their ids.
  function taken() {
    const places = new Map();
    for (const select of form.querySelectorAll("select[data-counted]")) {
      const option = select.selectedOptions[0];
      const units = Number(form.elements[select.dataset.units]?.value) || 0;
      const leaving = Math.max(0, units - Number(select.dataset.gone));
      if (!option || !leaving) continue;
      const held = Number(select.dataset.held);
      const key = `${select.dataset.variant}-${option.value}`;
      const level = places.get(key) ?? { option, sku: select.dataset.sku, left: 0, moved: 0 };
      level.left += leaving;
      // Moving takes the whole hold along; what is held here was promised before.
      level.moved += option.dataset.holder
        ? Math.max(0, leaving - held) : Math.max(leaving, held);
      places.set(key, level);
    }
    return places;
  }

  // How short the level will be: below zero what it shows, else the units that lack.
  function shortage(level) {
    const onHand = Number(level.option.dataset.onHand);
    const available = Number(level.option.dataset.available);
    if (onHand - level.left < 0) return onHand - level.left;
    return level.moved ? Math.max(0, level.moved - available) : 0;
  }

  function says(level, units) {
    const pattern = units < 0 ? asked.dataset.below : asked.dataset.missing;
    const words = { warehouse: level.option.dataset.place, sku: level.sku, units };
    return pattern.replace(/{(\w+)}/g, (_all, name) => words[name]);
  }

  function name() {
    const fallen = [...taken()].map(([key, level]) => [key, level, shortage(level)])
      .filter(([, , units]) => units);
    const keys = fallen.map(([key, , units]) => `${key}:${units}`).join(" ");
    // What was ticked holds for what was named then.
    if (box.value !== keys) box.checked = false;
    box.value = keys;
    asked.hidden = !fallen.length;
    asked.querySelector("span").textContent = fallen
      .map(([, level, units]) => says(level, units)).join(" ");
  }

  form.addEventListener("input", name);
  if (asked.hidden) name();
})();

// The carrier's name is asked for where the carrier is “Other” alone.
(() => {
  for (const name of document.querySelectorAll("input[name=carrier_name]")) {
    const carrier = name.form?.elements.carrier;
    const field = name.closest(".sl-field");
    if (!carrier || !field) continue;
    const show = () => {
      const isOther = carrier.value.trim().toLowerCase() === "other";
      field.hidden = !isOther && !name.value && !field.querySelector(".errorlist");
    };
    name.form.addEventListener("input", show);
    show();
  }
})();
