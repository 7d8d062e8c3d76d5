// Keys on the lists (/ j k Enter ?), and no refreshing of a page nobody looks at.
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("[data-row-link]")];
  let current = -1;

  const isTyping = (target) =>
    target.matches("input, select, textarea, [contenteditable]");

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

  function showKeys() {
    const dialog = document.getElementById("sl-keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  const actions = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    j: () => move(current + 1),
    k: () => move(current - 1),
    Enter: () => current >= 0 && open(),
    "?": showKeys,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
    const action = actions[event.key];
    if (!action) return;
    if (event.key !== "Enter") event.preventDefault();
    action();
  });

  // A refresh in a hidden tab or under an open menu would only cost or disturb.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polled = event.target.closest("[data-poll]");
    if (!polled) return;
    const busy = polled.contains(document.activeElement)
      && document.activeElement.matches("input, select, textarea");
    if (document.hidden || busy || polled.querySelector("details[open]")) {
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
