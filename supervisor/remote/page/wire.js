// Talks to the supervisor: proves the phone's key, asks, and follows the stream without a hole.
// The token lives in this module's memory only. Says truthfully why nothing comes.

import { compare_clock } from './dom.js';
import { joined, sign, to_bytes, to_text } from './keys.js';

export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.title ?? String(status));
    this.status = status;
    this.hint = problem?.detail ?? '';
  }
}
// No answer. *fast*: somebody said no at once; else nobody said anything.
export class Unreachable extends Error {
  constructor(fast) {
    super('unreachable');
    this.fast = fast;
  }
}
export class Revoked extends Error {}

const json = { 'Content-Type': 'application/json' };
const patience = 10_000;
const longest_silence = 35_000;
const banner_after = 3_000;

async function send(path, options = {}, wait = patience) {
  const began = performance.now();
  try {
    const response = await fetch(path, { cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.timeout(wait), ...options });
    compare_clock(response);
    return response;
  } catch {
    throw new Unreachable(performance.now() - began < 1500);
  }
}

async function answer(response) {
  let body = null;
  try {
    body = response.status === 204 ? null : await response.json();
  } catch {
    if (response.ok) throw new Unreachable(false);
  }
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const order = (method, body, key = crypto.randomUUID()) => ({ method, headers: { ...json, 'Idempotency-Key': key }, body: body && JSON.stringify(body) });

export async function post(path, body, wait) {
  return answer(await send(path, order('POST', body), wait));
}

// Reads a stream of events: *hear(fields)* for each whole one, *alive()* for each sign of life.
export async function listen(response, hear, alive) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const text = rest + decoder.decode(value, { stream: true });
    const end = text.lastIndexOf('\n\n');
    rest = text.slice(end < 0 ? 0 : end + 2);
    if (end >= 0) for (const block of text.slice(0, end).split('\n\n')) hear(fields_of(block));
  }
}

function fields_of(block) {
  const fields = {};
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return { ...fields, data: fields.event ? parsed(fields.data) : null };
}

export class Wire {
  #device;
  #token = null;
  #renew_at = 0;
  #renewing = null;
  #after = null;
  #hear;
  #tell;
  #stream = null;
  #wake = () => {};
  #heard_at = 0;
  #attempt = 0;
  #over = false;
  #late = null;
  #farewell = null;

  // *hear(topic, data)* gets each event once and in order, *tell(link)* each change of the link.
  constructor(device, hear, tell) {
    this.#device = device;
    this.#hear = hear;
    this.#tell = tell;
    this.link = { state: 'connecting', cause: null, last_seen: null, next_try: null, banner: false };
  }

  // --- proof

  async #prove() {
    const { id, key } = this.#device;
    const { nonce } = await post('/api/auth/challenge', { device_id: id });
    const signature = await sign(key, joined('wakeline-auth-v1', location.origin, to_bytes(nonce), id));
    return post('/api/auth/token', { device_id: id, nonce, signature: to_text(signature) });
  }

  async #renew() {
    let grant;
    try {
      // Twice: a nonce may have grown old while the phone slept.
      grant = await this.#prove().catch((error) => { if (error.status !== 401) throw error; return this.#prove(); });
    } catch (error) {
      if (error.status === 401) throw new Revoked();
      throw error;
    }
    this.#token = grant.token;
    this.#renew_at = Date.now() + (grant.expires_in - 90) * 1000;
    this.scope = grant.scope;
    return this.#token;
  }

  #bearer() {
    if (this.#token && Date.now() < this.#renew_at) return this.#token;
    this.#renewing ??= this.#renew().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  async #authorized(path, options, wait) {
    for (const last of [false, true]) {
      const headers = { ...options.headers, Authorization: `Bearer ${await this.#bearer()}` };
      const response = await send(path, { ...options, headers }, wait);
      if (response.status !== 401) return response;
      this.#token = null;
      if (last) throw new Revoked();
    }
  }

  // --- questions

  async get(path) {
    return this.#asked(path, {});
  }

  // Whoever says an order again gives its key again: then it is carried out once.
  async order(method, path, body, key, wait) {
    return this.#asked(path, order(method, body, key), wait);
  }

  // The answer itself, for who reads a stream.
  async open(path, signal) {
    const response = await this.#authorized(path, { headers: { Accept: 'text/event-stream' }, signal });
    if (!response.ok) throw new Refused(response.status, await response.json().catch(() => null));
    return response;
  }

  async #asked(path, options, wait) {
    try {
      return await answer(await this.#authorized(path, options, wait));
    } catch (error) {
      if (error instanceof Revoked) this.#revoked();
      throw error;
    }
  }

  // --- the stream

  async follow() {
    while (!this.#over) {
      try {
        await this.#read();
        this.#lost(null);
      } catch (error) {
        if (error instanceof Revoked) return this.#revoked();
        this.#lost(error);
      }
      if (!this.#over) await this.#pause();
    }
  }

  // Ask again from the last number, now: the phone came back, or the network did.
  retry() {
    this.#attempt = 0;
    this.#stream?.abort();
    this.#wake();
  }

  quiet() {
    return Date.now() - this.#heard_at;
  }

  end() {
    this.#over = true;
    clearTimeout(this.#late);
    this.retry();
  }

  async #read() {
    const stream = this.#stream = new AbortController();
    const opening = setTimeout(() => stream.abort(), patience);
    let watch;
    try {
      const path = this.#after ? `/api/events?after=${encodeURIComponent(this.#after)}` : '/api/events';
      const response = await this.open(path, stream.signal);
      clearTimeout(opening);
      this.#heard_at = Date.now();
      watch = setInterval(() => { if (!document.hidden && this.quiet() > longest_silence) stream.abort(); }, 2500);
      this.#live();
      await listen(response, (fields) => this.#event(fields), () => { this.#heard_at = Date.now(); });
    } finally {
      clearTimeout(opening);
      clearInterval(watch);
      stream.abort();
    }
  }

  #event(fields) {
    const { data } = fields;
    if (!data) return;
    if (data.epoch) fields.id = `${data.epoch}-${data.seq}`;
    if (fields.event !== 'hello' && fields.event !== 'gap' && this.#known(fields.id)) return;
    if (fields.event === 'machine') this.#farewell = data.leaving ?? null;
    this.#after = fields.id ?? this.#after;
    this.#hear(fields.event, data);
  }

  #known(id) {
    if (!id || !this.#after) return false;
    const cut = (text) => [text.slice(0, text.lastIndexOf('-')), Number(text.slice(text.lastIndexOf('-') + 1))];
    const [[epoch, seq], [our_epoch, our_seq]] = [cut(id), cut(this.#after)];
    return epoch === our_epoch && seq <= our_seq;
  }

  // --- what to say of the link

  #say(change) {
    this.link = { ...this.link, ...change };
    this.#tell(this.link);
  }

  #live() {
    clearTimeout(this.#late);
    this.#late = null;
    this.#attempt = 0;
    this.#farewell = null;
    this.#say({ state: 'live', cause: null, last_seen: null, next_try: null, banner: false });
  }

  #lost(error) {
    if (this.#over) return;
    this.#late ??= setTimeout(() => this.#say({ banner: true }), banner_after);
    const last_seen = this.link.last_seen ?? (this.#heard_at || null);
    this.#say({ state: 'reconnecting', cause: this.#cause(error), last_seen });
  }

  #cause(error) {
    if (navigator.onLine === false) return 'offline';
    if (this.#farewell === 'sleep') return 'asleep';
    if (this.#farewell) return 'stopped';
    if (error instanceof Refused) return 'trouble';
    if (error instanceof Unreachable && error.fast) return 'refusing';
    return error ? 'silent' : 'reconnecting';
  }

  async #pause() {
    const most = Math.min(30_000, 1000 * 2 ** (this.#attempt - 1));
    const wait = this.#attempt++ === 0 ? 0 : most * (0.5 + Math.random() / 2);
    if (wait) this.#say({ next_try: Date.now() + wait });
    await new Promise((done) => {
      const timer = setTimeout(done, wait);
      this.#wake = () => { clearTimeout(timer); done(); };
    });
    this.#say({ next_try: null });
  }

  #revoked() {
    this.end();
    this.#say({ state: 'revoked' });
  }
}
