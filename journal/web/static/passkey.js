/* Passkeys: asks the server for a question, the browser for an answer, and sends the answer with the form it belongs to.
   Nothing here decides anything: the server checks the signature. Without a script, or without passkeys, the PIN is there. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;

  const show = (root) => root.querySelectorAll("[data-passkey]").forEach((button) => { button.hidden = false; });
  show(document);
  // A locked screen is put into the page later.
  new MutationObserver(() => show(document)).observe(document.body, { childList: true, subtree: true });

  const asked = async (url, form) => {
    const words = new URLSearchParams(new FormData(form));
    for (const name of ["pin", "credential"]) words.delete(name);
    const answer = await fetch(url, { method: "POST", redirect: "manual", headers: { Accept: "application/json" }, body: words });
    return answer.ok ? answer.json() : null;
  };

  const send = (form, credential) => {
    form.elements.credential.value = JSON.stringify(credential);
    form.noValidate = true;
    form.requestSubmit();
    form.noValidate = false;
    form.elements.credential.value = "";
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-passkey], [data-new-passkey]");
    if (!button) return;
    const { form } = button, said = form.querySelector("[data-said]"), { passkey, newPasskey, none, failed } = button.dataset;
    said.textContent = "";
    const who = form.elements.session_id;
    if (passkey && !(who[0] ?? who).reportValidity()) return;
    try {
      const question = await asked(passkey ?? newPasskey, form);
      if (!question?.challenge) { said.textContent = question ? none : failed; return; }
      const credential = passkey
        ? await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) })
        : await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question) });
      send(form, credential.toJSON());
    } catch { said.textContent = failed; }
  });
})();
