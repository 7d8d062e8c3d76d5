// What was typed into a form stands there again when the server has not taken it: the
// session had ended, or the form was too old. This tab keeps it, until the next page
// that opens, for who sent it alone; never passwords, secrets, hidden fields or files.
"use strict";

(() => {
  const KEY = "shoplink-form";
  const NOT_TAKEN = "shoplink_not_taken";
  const MOST_CHARACTERS = 100000;
  const LONGEST_MS = 30 * 60 * 1000;
  const SECRET = /password|secret|token/i;
  const UNKEPT = ["hidden", "password", "file", "submit", "button", "reset", "image"];

  const reader = () => document.body.dataset.reader;

  function pathOf(form, submitter) {
    // A field may be named "action": the attribute alone is the address.
    const given = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    return new URL(given || location.href, location.href).pathname;
  }

  function fieldsOf(form) {
    return [...form.elements].filter((field) => field.name && "value" in field
      && !field.disabled && !UNKEPT.includes(field.type) && !SECRET.test(field.name)
      && !/one-time-code|password/.test(field.getAttribute("autocomplete") ?? ""));
  }

  function valueOf(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked;
    if (field.tagName !== "SELECT") return field.value;
    return [...field.selectedOptions].map((option) => [option.value, option.text]);
  }

  // Which of several fields of one name it is: a box by its value, others by number.
  function keysOf(fields) {
    const seen = {};
    return fields.map((field) => {
      if (field.type === "checkbox" || field.type === "radio") {
        return `${field.name}=${field.value}`;
      }
      seen[field.name] = (seen[field.name] ?? 0) + 1;
      return `${field.name}#${seen[field.name]}`;
    });
  }

  function keep(form, submitter) {
    const fields = fieldsOf(form);
    const keys = keysOf(fields);
    const values = fields.map((field, index) => [keys[index], valueOf(field)]);
    const path = pathOf(form, submitter);
    const kept = JSON.stringify({ path, reader: reader(), at: Date.now(), values });
    if (kept.length <= MOST_CHARACTERS) sessionStorage.setItem(KEY, kept);
  }

  function choose(select, chosen) {
    const values = chosen.map(([value]) => value);
    for (const [value, text] of chosen) {
      const isThere = [...select.options].some((option) => option.value === value);
      // Such a list asks the server for its choices only when it is opened.
      if (!isThere && select.classList.contains("admin-autocomplete")) {
        select.add(new Option(text, value));
      }
    }
    for (const option of select.options) option.selected = values.includes(option.value);
  }

  function setValue(field, value) {
    const before = JSON.stringify(valueOf(field));
    if (Array.isArray(value)) choose(field, value);
    else if (typeof value === "boolean") field.checked = value;
    else field.value = value;
    if (JSON.stringify(valueOf(field)) === before) return;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function fill(form, kept) {
    const values = new Map(kept.values);
    const fields = fieldsOf(form);
    keysOf(fields).forEach((key, index) => {
      if (values.has(key)) setValue(fields[index], values.get(key));
    });
    const note = document.createElement("p");
    note.className = "sl-problem sl-problem-warning sl-typed-again";
    note.setAttribute("role", "status");
    note.textContent = document.body.dataset.typedAgain;
    form.prepend(note);
    form.closest("details")?.setAttribute("open", "");
    note.scrollIntoView({ block: "center" });
  }

  function notTaken() {
    const found = document.cookie.split("; ").find((one) => one.startsWith(`${NOT_TAKEN}=`));
    try {
      return found ? decodeURIComponent(found.slice(NOT_TAKEN.length + 1)) : "";
    } catch {
      return "";
    }
  }

  function forget() {
    sessionStorage.removeItem(KEY);
  }

  function restore() {
    const text = sessionStorage.getItem(KEY);
    // Nobody is signed in yet: it waits for who sent it.
    if (!text || !reader()) return;
    const kept = JSON.parse(text);
    const isLate = Date.now() - kept.at > LONGEST_MS;
    if (kept.reader !== reader() || isLate || notTaken() !== kept.path) {
      forget();
      return;
    }
    const form = [...document.forms].find((one) => pathOf(one) === kept.path
      && (one.getAttribute("method") ?? "").toLowerCase() === "post");
    if (!form) return;
    forget();
    document.cookie = `${NOT_TAKEN}=; path=/; max-age=0; samesite=lax`;
    fill(form, kept);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!reader() || (form.getAttribute("method") ?? "").toLowerCase() !== "post") return;
    forget();
    // Who signs out leaves nothing behind.
    if (pathOf(form).endsWith("/logout/")) return;
    keep(form, event.submitter);
  }, true);

  document.addEventListener("DOMContentLoaded", restore);
})();
