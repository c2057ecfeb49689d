// Runs beside the page: keeps the page's own files on this phone, so that it opens while the computer is out of reach.
// Only files that the computer names in /offline.json; never an answer of /api. A set is used when all of it is here.

// Milliseconds that the computer has for a file of which there is a kept one.
const patience = 2500;
const list = '/offline.json';
const prefix = 'shell ';

// The page that is open was opened from what is kept: its other files come from there too.
let away = false;

async function kept(path) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(prefix)) continue;
    const cache = await caches.open(name);
    if (await cache.match(list)) return cache.match(path);
  }
  return undefined;
}

async function fresh(path) {
  const answer = await fetch(path, { cache: 'no-cache', credentials: 'omit', redirect: 'error' });
  if (!answer.ok || answer.type !== 'basic') throw new Error(path);
  return answer;
}

// Fetches all of the computer's files, if they are others than those here. The list comes last: it says that it is whole.
async function keep_all() {
  const told = await fresh(list);
  const { version, files } = await told.clone().json();
  const name = prefix + version;
  const cache = await caches.open(name);
  if (await cache.match(list)) return;
  for (const path of files) await cache.put(path, await fresh(path));
  const again = await (await fresh(list)).json();
  if (again.version !== version) return void (await caches.delete(name));
  await cache.put(list, told);
  for (const other of await caches.keys()) if (other !== name) await caches.delete(other);
}

const in_time = () => ({ signal: AbortSignal.timeout(patience) });

async function page() {
  const mine = await kept('/');
  if (!mine) return fetch('/', { redirect: 'error' });
  try {
    const theirs = await fetch('/', { redirect: 'error', ...in_time() });
    away = false;
    return theirs;
  } catch {
    away = true;
    return mine;
  }
}

async function file(request, path) {
  const mine = await kept(path);
  if (!mine) return fetch(request);
  if (away) return mine;
  return fetch(request, in_time()).catch(() => mine);
}

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/api/') || pathname === list) return;
  if (request.mode !== 'navigate') event.respondWith(file(request, pathname));
  else if (pathname === '/') event.respondWith(page());
});

addEventListener('message', (event) => { if (event.data === 'keep') event.waitUntil(keep_all().catch(() => {})); });
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
