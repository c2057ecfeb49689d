// When a prompt is sent, in words.

import { moment } from './dom.js';
import { one_line } from './marks.js';
import { say } from './words.js';

// What the jobs are called that somebody could wait for: PID to command.
const commands = new Map();
export const know_jobs = (jobs) => jobs.forEach(({ pid, command }) => commands.set(String(pid), one_line(command ?? '', 60)));

export function when_words(when) {
  const [kind, ...rest] = String(when).split(':');
  const value = rest.join(':');
  if (['now', 'idle', 'online', 'reset'].includes(when)) return say(`when_${when}`);
  if (kind === 'job') return say('when_job', { name: commands.get(value) || `PID ${value}` });
  const at = Date.parse(value);
  return kind === 'at' && at ? say('when_at', { time: moment(at) }) : String(when);
}
