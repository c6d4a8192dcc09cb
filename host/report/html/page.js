// Which page is shown is in the address behind the #: #map-5?q=…&sort=… can be mailed as it is.

class Place {
  constructor(hash, kept = null) {
    this.kept = kept; // '' = of a table within a page, whose state is not in the address
    const [path, state] = hash.replace(/^#/, '').split('?', 2);
    const dash = path.indexOf('-');
    this.path = path;
    this.kind = dash < 0 ? path : path.slice(0, dash);
    this.id = dash < 0 ? '' : decodeURIComponent(path.slice(dash + 1));
    this.state = new URLSearchParams(state || '');
  }
  get(key, otherwise = '') {
    return this.state.get(key) || otherwise;
  }
  set(changes) {
    for (const [key, value] of Object.entries(changes))
      if (value) this.state.set(key, value);
      else this.state.delete(key);
    if (this.kept === '') return;
    const state = String(this.state);
    history.replaceState(null, '', `#${this.path}${state ? `?${state}` : ''}`);
  }
}

const view = el('div', { id: 'view', tabindex: '-1' });

function complain(error) {
  view.append(el('p', { class: 'failed' }, visible(error.message || String(error))));
}

async function pageOf(place) {
  if (place.kind === 'program') {
    const program = report.programs.get(Number(place.id));
    return program ? programPage(program) : missing(place);
  }
  if (place.kind === 'at') return /^0x[0-9a-f]{1,16}$/.test(place.id) ? addressPage(place) : missing(place);
  const part = report.find(place.kind, place.id);
  return part ? partPage(part, place) : missing(place);
}
const missing = (place) => el('p', { class: 'failed' }, `This report has no ${visible(place.kind)} ${visible(place.id)}.`);

const SECTIONS = new Set(['', 'maps', 'programs', 'allocators', 'findings', 'overview']);
let turn = 0;

async function show() {
  const mine = ++turn;
  let place;
  try {
    place = new Place(location.hash);
  } catch {
    place = new Place('');
  }
  const isOverview = SECTIONS.has(place.kind) && place.id === '';
  document.body.classList.toggle('inside', !isOverview);
  view.replaceChildren();
  if (isOverview) {
    overview.show(place);
    document.documentElement.dataset.shown = location.hash;
    return;
  }
  const back = el('nav', { class: 'crumbs' }, el('a', { href: '#' }, '← all maps'));
  view.replaceChildren(back, el('p', { class: 'status' }, 'opening …'));
  let page;
  try {
    page = await pageOf(place);
  } catch (error) {
    page = el('p', { class: 'failed' }, visible(error.message));
  }
  if (mine !== turn) return;
  view.replaceChildren(back, page);
  if (!view.querySelector('.marked')) window.scrollTo(0, 0);
  document.documentElement.dataset.shown = location.hash;
}

document.addEventListener('keydown', (event) => {
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.nodeName);
  if (event.key === 'Escape' && isTyping) event.target.blur();
  else if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  else if (event.key === '/') {
    const field = [...document.querySelectorAll('input[type=search]')].find((input) => input.offsetParent !== null);
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  } else if (event.key === 'Escape' && document.body.classList.contains('inside')) location.hash = '';
  else if (event.key === 'n' || event.key === 'p') turnPage(event.key === 'n' ? 'next' : 'previous');
});
const turnPage = (title) => [...view.querySelectorAll(`.pages button[title=${title}]`)].pop()?.click();

async function start() {
  document.querySelector('main').append(view);
  await report.open();
  overview.build();
  window.addEventListener('hashchange', () => {
    void show();
  });
  await show();
  document.documentElement.dataset.ready = 'yes';
}
start().catch(complain);
