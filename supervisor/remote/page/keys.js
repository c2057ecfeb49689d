// The phone's own key: made here, never leaves here, kept in IndexedDB. And bytes as texts.

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };

export const possible = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

export function to_text(bytes) {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function to_bytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

// Each part with its length in front: no two lists of parts have the same bytes.
export function joined(...parts) {
  const encoded = parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : new Uint8Array(part)));
  const bytes = new Uint8Array(encoded.reduce((sum, part) => sum + 4 + part.length, 0));
  let at = 0;
  for (const part of encoded) {
    new DataView(bytes.buffer).setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

export const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

export async function prover(secret) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return async (word, transcript) => {
    const bytes = new Uint8Array([...new TextEncoder().encode(word), ...transcript]);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes));
  };
}

export async function new_key() {
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  return { key: pair.privateKey, public_key: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)) };
}

export const sign = (key, bytes) => crypto.subtle.sign({ ...algorithm, hash: 'SHA-256' }, key, bytes);

function open() {
  return new Promise((done, failed) => {
    const request = indexedDB.open('wakeline', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('kept');
    request.onsuccess = () => done(request.result);
    request.onerror = request.onblocked = () => failed(request.error);
  });
}

async function within(mode, act) {
  const base = await open();
  try {
    return await new Promise((done, failed) => {
      const transaction = base.transaction('kept', mode);
      const request = act(transaction.objectStore('kept'));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = transaction.onabort = () => failed(transaction.error);
    });
  } finally {
    base.close();
  }
}

export const kept = (name) => within('readonly', (store) => store.get(name));
export const keep = (name, value) => within('readwrite', (store) => store.put(value, name));
export const forget = (name) => within('readwrite', (store) => store.delete(name));
