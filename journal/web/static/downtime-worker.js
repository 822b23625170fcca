/* Keeps the page of the list, so that it opens without server or network, and fetches what is new each quarter of an hour. */
"use strict";
importScripts("/static/downtime-store.js");

const PAGE = "/downtime/list/", KEPT = "akson-downtime-page";
const PATIENCE_MS = 4000, SELDOM_MS = 10 * 60 * 1000;

/* The page and all it is drawn with; no patient is in it. */
const keepPage = async () => {
  const answer = await fetch(PAGE, { cache: "no-store" });
  if (!answer.ok) return;
  const drawnWith = [...(await answer.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"#]+)/g)].map((found) => found[1]);
  const kept = await caches.open(KEPT);
  await Promise.all([...new Set(drawnWith)].map(async (address) => kept.put(address, await fetch(address))));
  await kept.put(PAGE, answer);
};

const refresh = async () => {
  const held = await downtime.device();
  if (!held || (held.at && Date.now() - Date.parse(held.at) < SELDOM_MS && !(await downtime.read("events")).size)) return;
  const answer = await fetch(`${PAGE}parts${held.at ? `?since=${encodeURIComponent(held.at)}` : ""}`, { cache: "no-store" });
  if (answer.status === 404) {
    // It was taken off the unit's list: nothing is left behind.
    await downtime.change((store) => ["device", "parts"].forEach((name) => store(name).clear()));
    return;
  }
  if (!answer.ok) return;
  const said = await answer.json();
  const before = await downtime.read("parts");
  const lacking = said.parts.some((part) => !part.sealed && before.get(part.id)?.built_at !== part.built_at);
  await downtime.change((store) => {
    const there = new Set(said.parts.map((part) => part.id));
    for (const id of before.keys()) if (!there.has(id)) store("parts").delete(id);
    for (const part of said.parts) if (part.sealed) store("parts").put({ built_at: part.built_at, sealed: part.sealed }, part.id);
    // What lacks something is asked for whole the next time.
    store("device").put({ ...held, name: said.device, unit: said.unit, at: lacking ? null : said.at, asked: said.at }, "this");
  });
  await tell(said.csrf_token);
  await keepPage();
};

const tell = async (token) => {
  for (const [event, use] of await downtime.read("events")) {
    const form = new FormData();
    form.set("csrf_token", token);
    for (const name of ["what", "at", "by"]) form.set(name, use[name]);
    form.set("event", event);
    use.parts.forEach((part) => form.append("parts[]", part));
    const answer = await fetch(`${PAGE}report`, { method: "POST", body: form });
    if (answer.ok) await downtime.change((store) => store("events").delete(event));
  }
};

self.addEventListener("install", (event) => event.waitUntil(keepPage().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "refresh") event.waitUntil(refresh().catch(() => {})); // no contact: what is held stands
});

/* The network first, and what is kept when nobody answers, or the journal says that it cannot. */
self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || !(pathname === PAGE || pathname.startsWith("/static/"))) return;
  event.respondWith((async () => {
    const kept = () => caches.match(event.request, { cacheName: KEPT, ignoreSearch: pathname === PAGE });
    try {
      const answer = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE_MS) });
      return answer.ok ? answer : (await kept()) ?? answer;
    } catch (error) {
      const found = await kept();
      if (found) return found;
      throw error;
    }
  })());
});
