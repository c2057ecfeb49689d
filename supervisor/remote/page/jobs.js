// The background jobs of a session: what each is, what it uses, and the end of what it wrote.

import { duration, h, icon, moment, now, sheet } from './dom.js';
import { plain } from './marks.js';
import { nothing_here } from './more.js';
import { trouble } from './orders.js';
import { path_of } from './picture.js';
import { terminal } from './text.js';
import { language, say } from './words.js';

// Milliseconds between two looks while the list is open, and while somebody reads what a job writes.
const look_every = 3000;
const read_every = 2000;
// Bytes of output that are read at once.
const tail = 16 * 1024;

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

export function size_of(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[unit], unitDisplay: unit ? 'short' : 'long', maximumFractionDigits: value < 10 && unit ? 1 : 0 }).format(value);
}

// "42 s", "4:07 min", "2 h 5 min".
export function span_of(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return say('seconds', { n: seconds });
  if (seconds < 3600) return say('minutes_of', { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` });
  return duration(milliseconds);
}

// --- what a job writes

class Output {
  #get;
  #url;
  #timer = null;
  #text = null;

  constructor(get, url) {
    this.#get = get;
    this.#url = url;
    this.where = h('p', { class: 'quiet' });
    this.text = h('pre', { class: 'code wrapped job-output', tabindex: '0', 'aria-label': say('job_output') });
    this.element = h('div', { class: 'job-wrote', hidden: true }, this.text, this.where);
  }

  get open() {
    return !this.element.hidden;
  }

  toggle() {
    this.element.hidden = this.open;
    if (this.open) this.#read();
    else this.close();
  }

  async #read() {
    clearTimeout(this.#timer);
    if (!document.hidden) await this.#ask();
    if (this.open && this.element.isConnected) this.#timer = setTimeout(() => this.#read(), read_every);
  }

  async #ask() {
    try {
      const { text, from, bytes } = await this.#get(`${this.#url}?bytes=${tail}`);
      this.#show(text, from, bytes);
    } catch (error) {
      this.where.replaceChildren(h('span', { class: 'warn' }, plain(trouble(error))));
    }
  }

  #show(text, from, bytes) {
    this.where.textContent = from > 0 ? say('job_tail', { part: size_of(bytes - from), whole: size_of(bytes) }) : '';
    if (text === this.#text) return;
    this.#text = text;
    const { scrollTop, scrollHeight, clientHeight } = this.text;
    const at_end = scrollTop + clientHeight >= scrollHeight - 8;
    this.text.replaceChildren(text.trim() ? terminal(text.replace(/\s+$/, '')) : h('span', { class: 'quiet' }, say('no_output')));
    // Who reads further up is not pulled away.
    if (at_end) this.text.scrollTop = this.text.scrollHeight;
  }

  close() {
    clearTimeout(this.#timer);
  }
}

// --- one job

class Row {
  #cpu = null;

  constructor(job, get, url, follow) {
    this.output = new Output(get, `${url}/${job.pid}/output`);
    this.sign = h('span', { class: 'sign' });
    this.command = h('code', { class: 'job-command', dir: 'ltr' }, plain(job.command ?? ''));
    this.facts = h('p', { class: 'quiet job-facts' });
    this.time = h('span', {});
    this.rest = h('span', {});
    this.facts.append(this.time, this.rest);
    this.read = h('button', { class: 'link', type: 'button', 'aria-expanded': 'false', onclick: () => this.#toggle() }, say('job_output'));
    this.then = follow && h('button', { class: 'link', type: 'button', onclick: () => follow(`job:${job.pid}`) }, say('job_then'));
    this.buttons = h('p', { class: 'job-buttons' }, this.read, this.then);
    this.element = h('li', { class: 'job' }, h('div', { class: 'job-head' }, this.sign, this.command), this.facts, this.buttons, this.output.element);
  }

  #toggle() {
    this.output.toggle();
    this.read.setAttribute('aria-expanded', String(this.output.open));
    this.read.textContent = say(this.output.open ? 'job_hide' : 'job_output');
  }

  show(job) {
    this.job = job;
    const ended = job.state === 'ended';
    const state = !ended ? 'working' : job.exit_status ? 'cut_off' : 'ended';
    if (this.state !== state) this.sign.replaceChildren(icon(state, 'small'), h('span', { class: 'unseen' }, say(ended ? 'job_ended' : 'job_running')));
    this.state = state;
    this.element.className = `job is-${state}${ended ? ' job-over' : ''}`;
    this.read.hidden = !job.output;
    if (this.then) this.then.hidden = ended;
    this.rest.replaceChildren(plain(['', ...(ended ? this.#end(job) : this.#uses(job)), `PID ${job.pid}`, job.kind === 'agent' && say('job_agent')].filter((part) => part != null && part !== false).join(' · ')));
    this.tick();
  }

  #end({ exit_status, ended_at }) {
    const code = exit_status == null ? null : exit_status < 0 ? say('job_signal', { n: -exit_status }) : say('job_code', { code: exit_status });
    return [code, ended_at && say('job_ended_at', { time: moment(Date.parse(ended_at)) })];
  }

  // The share of a processor since the last look, where there was one; else all that it has used.
  #uses({ cpu_seconds, memory_bytes }) {
    const before = this.#cpu;
    const at = performance.now() / 1000;
    if (cpu_seconds != null) this.#cpu = { at, used: cpu_seconds };
    const share = before && cpu_seconds != null && at - before.at > 1 ? Math.max(0, Math.round((100 * (cpu_seconds - before.used)) / (at - before.at))) : null;
    if (share != null) this.share = share;
    const cpu = cpu_seconds == null ? null : this.share != null ? say('job_cpu_share', { n: this.share }) : say('job_cpu', { time: span_of(cpu_seconds * 1000) });
    return [cpu, memory_bytes != null && size_of(memory_bytes)];
  }

  tick() {
    const { started_at, ended_at, seconds, state } = this.job;
    const ran = state === 'ended' ? (seconds != null ? seconds * 1000 : ended_at && Date.parse(ended_at) - Date.parse(started_at)) : now() - Date.parse(started_at);
    const words = Number.isFinite(ran) ? span_of(ran) : say('unknown');
    if (this.time.textContent !== words) this.time.textContent = words;
  }
}

// --- all of them

class Jobs {
  #get;
  #url;
  #follow;
  #rows = new Map();
  #timer = null;
  #ticking;

  constructor(session, get, follow) {
    this.#get = get;
    this.#url = `${path_of(session.id)}/jobs`;
    this.list = h('ul', { class: 'jobs-all' });
    this.words = h('div', { class: 'quiet', role: 'status' }, say('loading'));
    this.#follow = follow && ((when) => { this.dialog.close(); follow(when); });
    this.dialog = sheet(say('jobs'), h('section', {}, this.words, this.list));
    const look = () => this.#look();
    addEventListener('jobs', look);
    this.#ticking = setInterval(() => { if (!document.hidden) this.#rows.forEach((row) => row.tick()); }, 1000);
    this.dialog.addEventListener('close', () => { removeEventListener('jobs', look); this.#close(); });
    this.#look();
  }

  async #look() {
    clearTimeout(this.#timer);
    if (!document.hidden) await this.#ask();
    if (this.dialog.open) this.#timer = setTimeout(() => this.#look(), look_every);
  }

  async #ask() {
    try {
      const { jobs } = await this.#get(this.#url);
      this.#show(jobs);
    } catch (error) {
      this.words.replaceChildren(h('span', { class: 'warn' }, plain(trouble(error))));
    }
  }

  // Running ones first, the newest at the top; a PID can be used again.
  #show(jobs) {
    const running = (job) => Number(job.state !== 'ended');
    const sorted = [...jobs].sort((a, b) => running(b) - running(a) || (b.started_at ?? '').localeCompare(a.started_at ?? ''));
    const rows = sorted.map((job) => {
      const key = `${job.pid} ${job.started_at}`;
      const row = this.#rows.get(key) ?? new Row(job, this.#get, this.#url, this.#follow);
      this.#rows.set(key, row);
      row.show(job);
      return row.element;
    });
    rows.forEach((element, at) => { if (this.list.children[at] !== element) this.list.insertBefore(element, this.list.children[at] ?? null); });
    while (this.list.children.length > rows.length) this.list.lastChild.remove();
    this.words.replaceChildren(...(rows.length ? [] : [nothing_here('job', say('jobs_none'))]));
  }

  #close() {
    clearTimeout(this.#timer);
    clearInterval(this.#ticking);
    this.#rows.forEach((row) => row.output.close());
  }
}

// *follow(when)*: lets one write what is sent when a job has ended; null: one may not.
export const show_jobs = (session, get, follow = null) => new Jobs(session, get, follow).dialog;
