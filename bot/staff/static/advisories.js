// What a form for an advisory has beyond plain HTML: it outlives a lost network and a closed tab, and it can tell the hour.
"use strict";
(() => {
  const shelf = window.sessionStorage;
  const LEFT_OUT = new Set(["csrf", "once"]);
  const opened = performance.now();

  const form = () => document.getElementById("compose");
  const typed = (of) => JSON.stringify([...new FormData(of)].filter(([name]) => !LEFT_OUT.has(name)));

  function dress(of) {
    of.dataset.first = typed(of);
    for (const row of of.querySelectorAll(".shifts")) row.hidden = false;
    const kept = shelf.getItem(of.dataset.keep);
    if (kept === null || kept === of.dataset.first) return;
    for (const [name, value] of JSON.parse(kept)) {
      const field = of.elements.namedItem(name);
      if (field && field.type !== "hidden") field.value = value;
    }
    document.getElementById("kept").hidden = false;
    document.body.dispatchEvent(new Event("kept"));
  }

  function shift(button) {
    const of = form();
    const passed = Math.round((performance.now() - opened) / 60000);
    // The department's clock as the page was made, counted on as if it were UTC: no zone of this device comes in.
    const at = new Date(`${of.dataset.now}Z`);
    at.setUTCMinutes(at.getUTCMinutes() + passed + 60 * Number(button.dataset.hours));
    const field = document.getElementById(button.closest(".shifts").dataset.for);
    field.value = at.toISOString().slice(0, 16);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("input", (event) => {
    const of = form();
    if (of && of.contains(event.target)) shelf.setItem(of.dataset.keep, typed(of));
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.hours !== undefined) shift(button);
    if (button.id === "afresh") {
      shelf.removeItem(form().dataset.keep);
      window.location.reload();
    }
  });

  // Kept over there, it needs no copy here any more; being sent to sign in again is another matter.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = event.detail.xhr.getResponseHeader("HX-Redirect") || "";
    if (event.detail.elt === form() && /^\/staff\/(advisories|exercises)\/\d+/.test(to)) shelf.removeItem(form().dataset.keep);
  });

  const tell = (which) => {
    for (const id of ["away", "failed"]) {
      const told = document.getElementById(id);
      if (told) told.hidden = id !== which;
    }
  };
  document.addEventListener("htmx:sendError", () => tell("away"));
  document.addEventListener("htmx:timeout", () => tell("away"));
  document.addEventListener("htmx:responseError", () => tell("failed"));
  document.addEventListener("htmx:afterOnLoad", (event) => event.detail.xhr.status < 400 && tell(""));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.id === "compose") for (const row of event.detail.elt.querySelectorAll(".shifts")) row.hidden = false;
  });

  if (form()) dress(form());
})();
