/* The little script there is. Every page works without it; this makes the round quicker and safer.
   1 keys · 2 what happens around an htmx request · 3 focus and announcements after a swap
   4 keys of a queue: J and K move, S signs the item that has the focus, and no other. */
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const SETTLE_MS = 450; // cards move up when one is signed: a second tap in the same spot must not sign the next dose

  // A device that holds the list for when the journal is away asks for what is new, whoever is signed in here.
  if ("serviceWorker" in navigator) {
    const ask = async () => (await navigator.serviceWorker.getRegistration("/downtime/list/"))?.active?.postMessage("refresh");
    ask();
    setInterval(ask, 15 * 60 * 1000);
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const search = document.querySelector("[data-shortcut=search]");
      if (search) { event.preventDefault(); search.click(); }
    }
    if (event.altKey && !event.ctrlKey && /^Key[A-Z]$/.test(event.code)) {
      const marked = document.querySelector(`[data-key=${event.code.slice(3).toLowerCase()}]`);
      if (marked) { event.preventDefault(); marked.click(); }
    }
    // Enter held down presses what had the focus when it went down, and nothing on the page that comes.
    if (event.key === "Enter" && event.repeat && event.target.closest("a, button")) event.preventDefault();
  });

  // Enter in a search takes the first hit, if those that are shown are the hits of what is written; else it searches.
  document.addEventListener("submit", (event) => {
    const takes = event.target.dataset.takes && byId(event.target.dataset.takes);
    const of = takes && takes.querySelector("[data-of]");
    const first = of && of.dataset.of && of.querySelector("a");
    if (!first || event.target.elements.q.value.trim() !== of.dataset.of) return;
    event.preventDefault();
    first.click();
  });

  // Plain forms (without htmx): the same "Lagrer …" and no second submit while the first is on its way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.classList.contains("htmx-request")) { event.preventDefault(); return; }
    form.classList.add("htmx-request");
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form.htmx-request").forEach((form) => form.classList.remove("htmx-request"));
  });

  let workedOn = "";
  document.addEventListener("htmx:before:request", (event) => {
    const card = event.detail.ctx.sourceElement.closest("[data-card]");
    workedOn = card ? card.id : "";
    const notice = byId("notice");
    if (notice) notice.replaceChildren();
  });

  // No answer at all: say so beside the work, in words that stand in the page (so that they are translated).
  document.addEventListener("htmx:error", () => {
    const notice = byId("notice"), words = byId("no-answer");
    if (notice && words) notice.replaceChildren(words.content.cloneNode(true));
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const pane = byId("pane"), live = byId("live");
    const quiet = event.detail.ctx.sourceElement.closest("[data-quiet]");
    if (quiet) { // drawn while she writes: her place in the form is hers
      const said = event.detail.ctx.target.querySelector("[data-announce]");
      if (live && said) live.textContent = said.dataset.announce;
      return;
    }
    if (pane) {
      pane.classList.add("settling");
      window.setTimeout(() => pane.classList.remove("settling"), SETTLE_MS);
    }
    // What is written in a folded part of another card is kept by the swap: it must not be sent unseen.
    document.querySelectorAll("[data-card] details input:not([type=hidden])").forEach((input) => {
      if (input.value) input.closest("details").open = true;
    });
    const summary = document.querySelector(".ds-error-summary");
    if (summary) { summary.focus(); return; }
    const card = byId(workedOn);
    if (card && !card.contains(document.activeElement)) card.focus({ preventScroll: true });
    const said = pane && pane.querySelector("[data-announce]");
    if (live) live.textContent = said ? said.dataset.announce : "";
  });

  // The item is the one that has the focus. Not while a key is held, nor in the moment a new item has come in its place.
  document.addEventListener("keydown", (event) => {
    const item = event.target.closest("[data-item]");
    if (!item || event.repeat || event.ctrlKey || event.metaKey || event.altKey || performance.now() < SETTLE_MS) return;
    if (event.target.matches("input, textarea, select")) return;
    const key = event.key.toLowerCase();
    const items = [...document.querySelectorAll("[data-item]")];
    const next = { j: items[items.indexOf(item) + 1], k: items[items.indexOf(item) - 1] }[key];
    if (next) { event.preventDefault(); next.focus(); return; }
    const button = key.length === 1 && event.target === item && item.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });

  document.addEventListener("DOMContentLoaded", () => {
    const summary = document.querySelector(".ds-error-summary, [data-focus]");
    if (summary) summary.focus();
    // What signs is ready for Enter when it has been on the screen for a moment, unless she has gone elsewhere.
    const later = document.querySelector("[data-focus-later]");
    if (later && !summary) window.setTimeout(() => { if (document.activeElement === document.body) later.focus(); }, SETTLE_MS);
  });
})();
