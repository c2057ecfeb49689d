// When a prompt is sent, in words.

import { moment } from './dom.js';
import { one_line } from './marks.js';
import { say } from './words.js';

const most = 48;
const shortened = (text) => (text.length > most ? `${text.slice(0, most).trimEnd()} …` : text);

// What the jobs are called that somebody could wait for: PID to command.
const commands = new Map();
export const know_jobs = (jobs) => jobs.forEach(({ pid, command }) => commands.set(String(pid), shortened(one_line(command ?? '', 200))));

export const is_known = (when) => /^(now|idle|online|reset|job:\d+|at:\d.*)$/.test(when);

export function when_words(when) {
  const [kind, ...rest] = String(when).split(':');
  const value = rest.join(':');
  if (['now', 'idle', 'online', 'reset'].includes(when)) return say(`when_${when}`);
  if (kind === 'job') return say('when_job', { name: commands.get(value) || `PID ${value}` });
  const at = Date.parse(value);
  return kind === 'at' && at ? say('when_at', { time: moment(at) }) : String(when);
}
