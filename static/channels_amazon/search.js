// The search over everything: Ctrl-K on every page, and / where a page has no search of
// its own. A second / in that page's own search, while it is empty, opens it, too.
"use strict";

(() => {
  const dialog = document.getElementById("sl-search");
  const input = dialog?.querySelector("input");
  if (!input) return;

  const ownSearch = () => document.querySelector("[data-search], #searchbar");
  const isTyping = (target) =>
    target.matches("input, select, textarea, [contenteditable]");
  const stops = () => [input, ...dialog.querySelectorAll("#sl-search-results a")];

  function open() {
    // Another dialog on top would leave this one out of reach.
    if (document.querySelector("dialog[open]")) return;
    dialog.showModal();
    input.select();
  }

  function onSlash(event) {
    const own = ownSearch();
    const isOwn = event.target === own;
    if (isTyping(event.target) && !(isOwn && !own.value)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (own && !isOwn) own.focus();
    else open();
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else open();
    } else if (!isCommand && event.key === "/") {
      onSlash(event);
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open-search]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open();
    }
    // What lies around the dialog is the dialog itself to a click.
    if (event.target === dialog) dialog.close();
  });

  // The arrows go through what was found, and back to the text.
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = stops();
    const next = all.indexOf(document.activeElement) + step;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, next))].focus();
  });
})();
