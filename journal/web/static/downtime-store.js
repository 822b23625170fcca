/* What a device keeps of the list for when the journal is away, and the lock on it. Used by the pages and by the worker.
   device: its name, the sealed private key, when it last asked · parts: what is sealed, by id · events: uses not yet told */
"use strict";
const downtime = (() => {
  const ROUNDS = 600_000; // of PBKDF2: a guess takes a good part of a second
  const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // none that is taken for another
  const opened = () => new Promise((done, failed) => {
    const asked = indexedDB.open("akson-downtime", 1);
    asked.onupgradeneeded = () => ["device", "parts", "events"].forEach((name) => asked.result.createObjectStore(name));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const answered = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  /* One transaction over all three: half a refresh is never kept. */
  const change = async (act) => {
    const held = await opened();
    const together = held.transaction(["device", "parts", "events"], "readwrite");
    const stored = new Promise((done, failed) => {
      together.oncomplete = done;
      together.onabort = together.onerror = () => failed(together.error);
    });
    act((name) => together.objectStore(name));
    await stored;
    held.close();
  };
  const read = async (name) => {
    const held = await opened();
    const store = held.transaction(name).objectStore(name);
    const [keys, values] = await Promise.all([answered(store.getAllKeys()), answered(store.getAll())]);
    held.close();
    return new Map(keys.map((key, index) => [key, values[index]]));
  };
  const device = async () => (await read("device")).get("this");

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const RSA = { name: "RSA-OAEP", hash: "SHA-256" };
  const plain = (code) => code.toUpperCase().replace(/[^A-Z0-9]/g, "");
  const lockOf = async (code, salt) => {
    const typed = await crypto.subtle.importKey("raw", new TextEncoder().encode(plain(code)), "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
    return crypto.subtle.deriveKey(how, typed, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  };

  /* A new key, its private half locked by a new code; the code is kept nowhere. */
  const make = async () => {
    const pair = await crypto.subtle.generateKey(
      { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }, true, ["encrypt", "decrypt"]);
    const drawn = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => LETTERS[byte % 32]).join("");
    const code = drawn.match(/.{4}/g).join("-");
    const salt = crypto.getRandomValues(new Uint8Array(16)), nonce = crypto.getRandomValues(new Uint8Array(12));
    const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
    const locked = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await lockOf(code, salt), secret);
    return { code, publicKey: text(await crypto.subtle.exportKey("spki", pair.publicKey)), kept: { salt, nonce, locked } };
  };

  /* Everything that is held, opened; throws when the code does not fit. */
  const unlock = async (code) => {
    const { salt, nonce, locked } = await device();
    const secret = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, await lockOf(code, salt), locked);
    const key = await crypto.subtle.importKey("pkcs8", secret, RSA, false, ["decrypt"]);
    return Promise.all([...await read("parts")].map(async ([id, part]) => {
      const sealed = JSON.parse(part.sealed);
      const own = await crypto.subtle.importKey(
        "raw", await crypto.subtle.decrypt(RSA, key, bytes(sealed.key)), "AES-GCM", false, ["decrypt"]);
      const said = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(sealed.nonce) }, own, bytes(sealed.sealed));
      return { id, ...JSON.parse(new TextDecoder().decode(said)) };
    }));
  };

  /* Opened or printed: told when there is contact, with the id that makes it one however often it is told. */
  const note = (what, by, parts) =>
    change((store) => store("events").put({ what, by, parts, at: new Date().toISOString() }, crypto.randomUUID()));

  return { change, read, device, make, unlock, note };
})();
