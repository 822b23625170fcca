/* Locks the screen. The server decides: a locked session is nobody. This takes what is in the page out of it at once, keeps it in
   this script's own memory (never in the browser's storage), and puts it back when the same session is open again.
   1 taking out and putting back · 2 when it idles · 3 the other tabs · 4 unlocking */
(() => {
  "use strict";

  // Who is tapped is whose PIN is written next.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-unlock] [name=session_id]")) event.target.form.elements.pin.focus();
  });

  const form = document.getElementById("lock");
  if (!form) return;
  const idle = Number(form.dataset.idle) * 1000;
  const token = form.elements.csrf_token.value;
  const away = document.getElementById("locked-away").content;
  const tabs = new BroadcastChannel("akson-lock");
  let active = Date.now(), told = active, kept = null;

  const post = (url, words, accept) => fetch(url, {
    method: "POST", redirect: "manual", headers: { Accept: accept }, body: new URLSearchParams(words),
  });

  const takeOut = () => {
    kept = { nodes: [...document.body.childNodes], title: document.title, at: window.scrollY, focus: document.activeElement };
    document.title = "Akson";
    document.body.replaceChildren(away.cloneNode(true));
  };

  const putBack = () => {
    const { nodes, title, at, focus } = kept;
    kept = null;
    document.body.replaceChildren(...nodes);
    document.title = title;
    window.scrollTo(0, at);
    if (focus && focus !== document.body) focus.focus({ preventScroll: true });
    active = told = Date.now();
  };

  // Who may unlock is asked of the server, which answers with a page when the session is locked and not otherwise.
  const showWho = async () => {
    const answer = await fetch("/locked", { redirect: "manual" });
    if (!answer.ok || !kept) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.body.replaceChildren(document.importNode(page.getElementById("locked"), true));
    document.querySelector("[data-unlock] [name=pin]")?.focus();
  };

  const lock = async (mine) => {
    if (kept) return;
    takeOut();
    if (mine) tabs.postMessage("locked");
    try {
      if (mine) await post(form.action, { csrf_token: token }, "text/html");
      await showWho();
    } catch { /* no answer: nothing is shown */ }
  };

  const here = async () => (await post("/still-here", { csrf_token: token }, "text/html")).status === 200;

  const used = (event) => {
    if (kept) return;
    const now = Date.now();
    if (now - active >= idle) {
      if (event.type !== "wheel" && event.type !== "touchmove") { event.preventDefault(); event.stopImmediatePropagation(); }
      lock(true);
      return;
    }
    active = now;
    if (now - told < idle / 6) return;
    told = now;
    tabs.postMessage("used");
    here().then((open) => { if (!open) lock(false); }, () => {});
  };
  for (const kind of ["pointerdown", "keydown", "submit"]) document.addEventListener(kind, used, { capture: true });
  for (const kind of ["wheel", "touchmove"]) document.addEventListener(kind, used, { capture: true, passive: true });
  const look = () => { if (!kept && Date.now() - active >= idle) lock(true); };
  window.setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { takeOut(); window.location.reload(); } });
  // A part of the page that the server will not draw, because the session is locked or over.
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx?.response?.raw?.status === 401) lock(false);
  });

  tabs.addEventListener("message", async ({ data }) => {
    if (data === "used") active = Date.now();
    if (data === "locked") lock(false);
    if (data === "unlocked" && kept) { if (await here()) putBack(); else window.location.replace("/"); }
  });

  document.addEventListener("submit", async (event) => {
    const sent = event.target;
    if (sent.matches("[data-locks]")) { event.preventDefault(); event.stopPropagation(); lock(true); return; }
    if (!kept || !sent.matches("[data-unlock]")) return;
    event.preventDefault();
    event.stopPropagation();
    let answer;
    try { answer = await post(sent.action, new FormData(sent), "application/json"); } catch { return; }
    if (!answer.ok) {
      sent.elements.pin.value = "";
      sent.elements.pin.focus();
      sent.querySelector("[data-said]").textContent = (await answer.json()).detail;
      return;
    }
    const opened = await answer.json();
    if (opened.csrf_token === token) putBack(); else { kept = null; window.location.replace(opened.location); }
    tabs.postMessage("unlocked");
  }, { capture: true });
})();
