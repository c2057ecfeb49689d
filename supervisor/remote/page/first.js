// Takes the pairing secret out of the address bar; only then is anything else asked for.

const fragment = location.hash;
if (/^#\d/.test(fragment)) history.replaceState(null, '', location.pathname);

const always = ['app', 'awake', 'dom', 'keys', 'list', 'marks', 'picture', 'wire'];
// What the first screen needs only sometimes; else it comes once the list is there, or a session is opened.
const pairing = ['pair'];
const reading = ['session', 'text', 'facts', 'steering', 'asked', 'cards', 'cut_off', 'standing', 'whens', 'composer', 'focus', 'more', 'orders', 'prompts', 'reading'];

function link(rel, href) {
  const element = document.createElement('link');
  element.rel = rel;
  element.href = href;
  document.head.append(element);
  return element;
}

const style = link('stylesheet', 'style.css');
const styled = new Promise((done) => { style.onload = style.onerror = done; });
// Asks for a table of its own.
import('./words.js');
// All at once: else each import waits for the one before it.
const now = fragment.startsWith('#/s/') ? reading : /^#\d/.test(fragment) ? pairing : [];
for (const name of [...always, ...now]) link('modulepreload', `${name}.js`);

const { start } = await import('./app.js');
await styled;
// Others take it from the manifest, and would load the first icon again.
if (navigator.vendor.startsWith('Apple')) link('apple-touch-icon', 'icon.png');
link('manifest', 'manifest.webmanifest');
start(fragment);
