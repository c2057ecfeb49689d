// Takes the pairing secret out of the address bar; only then is anything else asked for.

const fragment = location.hash;
if (/^#\d/.test(fragment)) history.replaceState(null, '', location.pathname);

const modules = ['app', 'awake', 'dom', 'facts', 'keys', 'list', 'pair', 'picture', 'session', 'text', 'wire', 'words'];

function link(rel, href) {
  const element = document.createElement('link');
  element.rel = rel;
  element.href = href;
  document.head.append(element);
  return element;
}

const style = link('stylesheet', 'style.css');
const styled = new Promise((done) => { style.onload = style.onerror = done; });
// All at once: else each import waits for the one before it.
for (const name of modules) link('modulepreload', `${name}.js`);

const { start } = await import('./app.js');
await styled;
start(fragment);
