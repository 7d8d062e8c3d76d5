// The side bar's groups fold, and this browser remembers which. It stands right behind
// the side bar and runs before the page is drawn: without it all groups are open.
"use strict";

(() => {
  const KEY = "shoplink-folded";
  const bar = document.getElementById("nav-sidebar-apps");
  if (!bar) return;

  // A browser may keep nothing for a page: then each page begins with all groups open.
  function folded() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY));
      return new Set(Array.isArray(kept) ? kept : []);
    } catch {
      return new Set();
    }
  }

  function remember(names) {
    try {
      localStorage.setItem(KEY, JSON.stringify([...names]));
    } catch {
      // As above.
    }
  }

  function show(group, isOpen) {
    group.querySelector("button").setAttribute("aria-expanded", String(isOpen));
    group.querySelector("ol").hidden = !isOpen;
  }

  const names = folded();
  for (const group of bar.querySelectorAll("[data-group]:has(button)")) {
    // Where the reader is must be seen, whatever was folded before.
    const isOpen = !names.has(group.dataset.group) || group.querySelector("[aria-current]");
    show(group, Boolean(isOpen));
  }

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button[aria-controls]");
    const group = button?.closest("[data-group]");
    if (!group) return;
    const isOpen = button.getAttribute("aria-expanded") !== "true";
    show(group, isOpen);
    // Another tab may have folded others meanwhile.
    const kept = folded();
    kept[isOpen ? "delete" : "add"](group.dataset.group);
    remember(kept);
  });

  // On a narrow screen the bar is opened only later, with the open page out of view.
  const open = bar.querySelector("[aria-current]");
  if (open) {
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        open.scrollIntoView({ block: "nearest" });
      }
    }).observe(bar);
  }
})();

// The search over everything: Ctrl-K on every page, and / where a page has no search of
// its own. A second / in that page's own search, while it is empty, opens it, too.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.getElementById("sl-search");
  const input = dialog?.querySelector("input");
  if (!input) return;

  const ownSearch = () => document.querySelector("[data-search], #searchbar");
  const isTyping = (target) =>
    target.matches("input, select, textarea, [contenteditable]");
  const stops = () => [input, ...dialog.querySelectorAll("#sl-search-results a")];

  function open() {
    // Another dialog on top would leave this one out of reach: one that only tells
    // something goes, one with a form stays.
    for (const other of document.querySelectorAll("dialog[open]")) {
      if (other.querySelector("form:not([method=dialog])")) return;
      other.close();
    }
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

  // On a keyboard of other letters the key is known by its place.
  const isK = (event) =>
    event.key.toLowerCase() === "k" || (event.code === "KeyK" && !/^[a-z]$/i.test(event.key));

  // Before any field or menu takes the key for itself; what an input method composes is
  // its own.
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && !event.shiftKey && isK(event)) {
      event.preventDefault();
      event.stopPropagation();
      if (dialog.open) dialog.close();
      else open();
    } else if (event.key === "Escape" && dialog.open) {
      // A search field would take the first one to empty itself.
      event.preventDefault();
      event.stopPropagation();
      dialog.close();
    } else if (!isCommand && event.key === "/") {
      onSlash(event);
    }
  }, true);

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
});
