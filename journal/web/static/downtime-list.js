/* Draws the list from what the device holds. Everything is set as text: nothing that was written about a patient becomes a tag. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const words = byId("words").dataset;
  const language = document.documentElement.lang;
  const OLD_MINUTES = 240, LOCK_MS = 10 * 60 * 1000;
  let held, by = "", shown = [], idle = 0;

  const make = (tag, said, ...children) => {
    const element = document.createElement(tag);
    if (said) element.textContent = said;
    element.append(...children);
    return element;
  };
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const row = (cell, ...texts) => make("tr", "", ...texts.map((said) => make(cell, said)));

  const age = () => {
    const at = new Date(held.asked), minutes = Math.max(0, Math.round((Date.now() - at) / 60000));
    const clock = at.toLocaleString(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    byId("age").textContent = filled(minutes > OLD_MINUTES ? words.old : words.age, { clock, minutes });
    byId("age").classList.toggle("warn", minutes > OLD_MINUTES);
  };

  const table = (heads, rows) => {
    const drawn = make("table", "", make("thead", "", row("th", ...heads)), make("tbody", "", ...rows));
    drawn.querySelectorAll("thead th").forEach((head) => { head.scope = "col"; });
    drawn.querySelectorAll("tbody th").forEach((head) => { head.scope = "colgroup"; });
    return drawn;
  };

  const patient = (p) => {
    const about = make("p", "", [p.room, `${words.born} ${p.born}`].filter(Boolean).join(" · "));
    about.className = "sub";
    const alert = make("p", "", make("b", `${p.allergies.said} `), p.allergies.texts.join(", "));
    alert.className = p.allergies.texts.length ? "allergy known" : "allergy";
    const limits = p.limits.length ? [make("p", "", make("b", `${words.limits}: `), p.limits.join(" · "))] : [];
    let day = "";
    const doses = p.doses.flatMap((dose) => {
      const drawn = row("td", dose.clock, "", `${words[`s_${dose.status}`] ?? ""} ${dose.signed}`.trim(), "");
      drawn.children[1].append(make("b", dose.line), make("br"), `${dose.hand}${dose.note ? ` · ${dose.note}` : ""}`);
      drawn.className = `is-${dose.status}`;
      const on = new Date(dose.at).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long", timeZone: "Europe/Oslo" });
      if (on === day) return [drawn];
      day = on;
      const heading = row("th", on);
      heading.children[0].colSpan = 4;
      return [heading, drawn];
    });
    const needed = p.as_needed.map((one) => {
      const drawn = row("td", "", one.given.join(", ") || words.nothing, "");
      drawn.children[0].append(make("b", one.line), make("br"), one.hand);
      return drawn;
    });
    const phones = p.phones.map((one) => [one.name, one.relation && `(${one.relation})`, one.phone].filter(Boolean).join(" "));
    return make("article", "", make("h2", p.name), about, alert, ...limits,
      ...(doses.length ? [make("h3", words.doses), table([words.when, words.what, words.said, words.sign], doses)] : [make("p", words.nodoses)]),
      ...p.bags.map((said) => { const wrong = make("p", "", make("b", `${words.bags} `), said); wrong.className = "allergy known"; return wrong; }),
      ...(needed.length ? [make("h3", words.needed), table([words.what, words.given, words.sign], needed)] : []),
      ...(phones.length ? [make("p", "", make("b", `${words.phones}: `), phones.join(" · "))] : []));
  };

  const lock = () => {
    shown = [];
    byId("patients").replaceChildren();
    byId("list").hidden = true;
    byId("unlock").hidden = false;
    byId("f-code").value = "";
    byId("f-code").focus();
  };
  const awake = () => { clearTimeout(idle); idle = setTimeout(lock, LOCK_MS); };

  byId("unlock").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target.elements, button = event.target.querySelector("button");
    byId("wrong").hidden = true;
    button.disabled = true;
    try {
      shown = await downtime.unlock(form.code.value);
    } catch (error) {
      byId("wrong").hidden = false;
      form.code.select();
      return;
    } finally {
      button.disabled = false;
    }
    by = form.by.value.trim();
    await downtime.note("opened", by, shown.map((p) => p.id)); // before anything is shown
    ask();
    shown.sort((a, b) => a.room.localeCompare(b.room, "nb", { numeric: true }) || a.sort.localeCompare(b.sort));
    byId("patients").replaceChildren(...shown.map(patient));
    byId("empty").hidden = shown.length > 0;
    form.code.value = "";
    byId("unlock").hidden = true;
    byId("list").hidden = false;
    byId("list").focus();
    age();
    awake();
  });
  byId("print").addEventListener("click", async () => {
    await downtime.note("printed", by, shown.map((p) => p.id));
    ask();
    window.print();
  });
  byId("lock").addEventListener("click", lock);
  ["keydown", "pointerdown", "scroll"].forEach((name) => document.addEventListener(name, awake, { passive: true }));
  setInterval(() => { if (!byId("list").hidden) age(); }, 60000);

  const ask = () => navigator.serviceWorker?.controller?.postMessage("refresh");
  (async () => {
    held = window.indexedDB && await downtime.device();
    byId("loading").hidden = true;
    byId("of").textContent = held?.unit ?? "";
    byId(held?.asked ? "unlock" : "none").hidden = false;
    if (held?.asked) byId("f-by").focus();
  })();
})();
