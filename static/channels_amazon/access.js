// Names what the look and Django leave without a name on the admin's own pages: areas
// that scroll, and the boxes of choices that are searched.
"use strict";

(() => {
  function headingOf(area) {
    const id = area.closest("[aria-labelledby]")?.getAttribute("aria-labelledby");
    const heading = (id && document.getElementById(id)) || document.querySelector("h1");
    return heading?.textContent.trim() || document.title.trim();
  }

  function nameAreas() {
    const names = new Set();
    for (const area of document.querySelectorAll("[data-simplebar]")) {
      const inside = area.closest("nav") ? "" : headingOf(area);
      // The side bar keeps the one that the look gives.
      if (!inside) continue;
      let name = inside;
      for (let number = 2; names.has(name); number += 1) name = `${inside} ${number}`;
      names.add(name);
      area.dataset.simplebarAriaLabel = name;
    }
  }

  function nameChoices() {
    for (const shown of document.querySelectorAll(".select2-selection__rendered")) {
      const select = document.getElementById(shown.id.replace(/^select2-|-container$/g, ""));
      const name = select?.getAttribute("aria-label")
        || select?.labels?.[0]?.textContent.trim();
      if (!name) continue;
      shown.setAttribute("aria-label", name);
      // The whole box goes by this and by what is chosen.
      shown.closest(".select2-selection").setAttribute("aria-label", name);
    }
  }

  document.addEventListener("DOMContentLoaded", nameAreas);
  // After the look has made them, which it does when the page is loaded; and again for
  // those of a row that was added.
  window.addEventListener("load", () => setTimeout(nameChoices, 0));
  document.addEventListener("focusin", nameChoices);
})();
