// What is known of the machine and its sessions. One place; events change it, screens read it.

export const order = ['needs_you', 'working', 'cut_off', 'starting', 'idle', 'paused'];
export const over = (session) => session.state === 'ended' || session.state === 'lost';

export const picture = {
  fresh: false,
  machine: null,
  awake: null,
  sessions: new Map(),
  // Asks for the page of stored sessions before this one; null: no more; undefined: not asked yet.
  next: undefined,
};

export function take(topic, data) {
  if (topic === 'hello' || topic === 'gap') return renew(data);
  if (topic === 'session') return take_session(data);
  if (topic === 'entry') return take_entry(data);
  if (topic === 'approval' || topic === 'focus') return take_part(topic, data);
  if (topic === 'awake') picture.awake = data;
  if (topic === 'machine') picture.machine = { ...picture.machine, ...data };
}

function renew({ machine, sessions, awake }) {
  if (!sessions) return;
  // Pages of older sessions that were asked for stay; a fresh picture does not speak of them.
  const stored = [...picture.sessions.values()].filter((session) => session.stored);
  picture.sessions = new Map([...stored, ...sessions].map((session) => [session.id, session]));
  picture.machine = machine;
  picture.awake = awake;
  picture.fresh = true;
}

function take_session(data) {
  if (data.removed) picture.sessions.delete(data.id);
  else picture.sessions.set(data.id, data);
}

function take_entry({ session_id, entry }) {
  const session = picture.sessions.get(session_id);
  if (!session) return;
  session.last_entry = entry;
  session.last_activity_at = entry.at ?? session.last_activity_at;
}

function take_part(topic, { session_id, approval, focus }) {
  const session = picture.sessions.get(session_id);
  if (!session) return;
  if (topic === 'focus') session.focus = focus;
  else if (approval) session.approvals = [...asked_of(session).filter(({ id }) => id !== approval.id), approval];
  // Which of several is over, the session itself tells.
  else if (asked_of(session).length < 2) session.approvals = [];
}

// How many jobs of it are running.
export const jobs_of = ({ jobs }) => jobs ?? 0;

export const asked_of = (session) => session.approvals ?? [];

export function add_stored({ sessions, next }) {
  for (const session of sessions) {
    if (!picture.sessions.has(session.id)) picture.sessions.set(session.id, { ...session, stored: true });
  }
  picture.next = next;
}

const newest_first = (a, b) => (b.last_activity_at ?? b.since ?? '').localeCompare(a.last_activity_at ?? a.since ?? '');

// [[state, sessions], …] in the order in which they ask for attention; `over` comes last.
export function groups() {
  const all = [...picture.sessions.values()].sort(newest_first);
  const named = order.map((state) => [state, all.filter((session) => session.state === state)]);
  const rest = all.filter((session) => !over(session) && !order.includes(session.state));
  return [...named, ['other', rest], ['over', all.filter(over)]].filter(([, sessions]) => sessions.length);
}

export const waiting = () => [...picture.sessions.values()].filter((session) => session.state === 'needs_you');

// Where the API has a session. The server reads paths as they are sent, and colons belong to ids.
export const path_of = (id) => `/api/sessions/${encodeURIComponent(id).replaceAll('%3A', ':')}`;

export const name_of = (session) => session.name || session.title || session.id.slice(0, 8);

const agents = { claude: 'Claude Code', codex: 'Codex', gemini: 'Gemini CLI', opencode: 'OpenCode', copilot: 'Copilot CLI', qwen: 'Qwen Code' };
export const agent_of = (session) => (Object.hasOwn(agents, session.agent) ? agents[session.agent] : session.agent);

// The end of a folder's name says most: "…/wakeline/supervisor".
export function short_folder(path, most = 30) {
  if (!path || path.length <= most) return path ?? '';
  const parts = path.split(/(?=[/\\])/);
  let end = parts.pop();
  while (parts.length && end.length + parts.at(-1).length < most) end = parts.pop() + end;
  return `…${end.length > most ? end.slice(-most) : end}`;
}
