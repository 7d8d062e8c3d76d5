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
