/* Makes a device hold the list: a key is made here, its private half is locked by a code that is shown once. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const enrol = byId("enrol");

  const begin = async () => {
    if (!window.isSecureContext || !("serviceWorker" in navigator) || !window.indexedDB) { byId("cannot").hidden = false; return; }
    byId((await downtime.device()) ? "held" : "enrol").hidden = false;
  };

  enrol.addEventListener("submit", async (event) => {
    event.preventDefault();
    enrol.querySelector("button").disabled = true;
    try {
      const { code, publicKey, kept } = await downtime.make();
      enrol.elements.public_key.value = publicKey;
      const answer = await fetch(enrol.action, { method: "POST", body: new FormData(enrol) });
      if (!answer.ok) throw new Error(answer.status);
      await downtime.change((store) => {
        ["device", "parts"].forEach((name) => store(name).clear());
        store("device").put(kept, "this");
      });
      await navigator.serviceWorker.register("/downtime/list/worker.js", { scope: "/downtime/list/" });
      enrol.hidden = true;
      byId("code").querySelector(".downtime-code").textContent = code;
      byId("code").hidden = false;
      byId("code").focus();
    } catch (error) {
      byId("failed").hidden = false;
      enrol.querySelector("button").disabled = false;
    }
  });

  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
  begin();
})();
