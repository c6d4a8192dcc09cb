// The first page: the tables that came with the file, made to filter and to sort, the findings before them, and the graph.

function enhance(section) {
  const table = section.querySelector('table'),
    rows = [...table.tBodies[0].rows];
  const place = new Place('', '');
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = el('button', { onclick: () => sortRows(table, rows, heads, column) }, ...head.childNodes);
    head.replaceChildren(button);
  });
  const status = el('span', { class: 'status', role: 'status' }, counted(rows.length, 'row'));
  const filter = el('input', { type: 'search', placeholder: 'filter ( / )', 'aria-label': `filter ${section.id}` });
  const texts = rows.map((row) =>
    [...row.cells]
      .map((cell) => textWithout(cell))
      .join(' ')
      .toLowerCase(),
  );
  const apply = () => {
    const wanted = filter.value.toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !texts[i].includes(wanted);
      shown += row.hidden ? 0 : 1;
    });
    status.textContent = wanted ? `${shown} of ${counted(rows.length, 'row')}` : counted(rows.length, 'row');
  };
  filter.addEventListener('input', () => {
    apply();
    overview.place.set({ [section.id]: filter.value });
  });
  table.before(el('div', { class: 'tools' }, filter, status));
  place.apply = (value) => {
    filter.value = value;
    apply();
  };
  return place;
}

// A cell's words, without the data block that lies in the first.
const textWithout = (cell) =>
  [...cell.childNodes]
    .filter((node) => node.nodeName !== 'SCRIPT')
    .map((node) => node.textContent)
    .join('');

function sortRows(table, rows, heads, column) {
  const descending = heads[column].getAttribute('aria-sort') === 'ascending';
  heads.forEach((head, i) => head.setAttribute('aria-sort', i !== column ? 'none' : descending ? 'descending' : 'ascending'));
  const key = (row) => {
    const cell = row.cells[column],
      meter = cell && cell.querySelector('meter');
    const text = meter ? String(meter.value) : cell ? textWithout(cell).trim() : '';
    return text === '' ? undefined : /^-?\d+$/.test(text) ? BigInt(text) : text;
  };
  const keys = new Map(rows.map((row) => [row, key(row)]));
  rows.sort((a, b) =>
    keys.get(a) !== undefined && keys.get(b) !== undefined && descending
      ? compare(keys.get(b), keys.get(a))
      : compare(keys.get(a), keys.get(b)),
  );
  table.tBodies[0].append(...rows);
}

const overview = {
  place: null,
  tables: new Map(),
  build() {
    const main = document.querySelector('main'),
      findings = document.getElementById('findings');
    main.prepend(findings); // as the eye has it: for the keyboard, too
    this.fold(findings);
    for (const section of main.querySelectorAll('section:has(> table)')) this.tables.set(section.id, enhance(section));
    for (const section of main.querySelectorAll('section.kernel')) this.kernel(section);
    const programs = [...report.programs.values()];
    const details = el(
      'details',
      {
        ontoggle: () => {
          if (details.childElementCount < 2) details.append(usesGraph(programs) || el('p', {}, 'No program uses a map.'));
        },
      },
      el('summary', {}, 'Programs and maps as a graph'),
    );
    if (programs.length) main.append(el('section', {}, details));
    this.contents();
  },
  // Who has many reads the gravest first, and comes past them to the tables.
  fold(section) {
    const list = section.querySelector('ul'),
      most = 10,
      weight = ['error', 'warning', 'info'];
    const lines = [...list.children].sort((a, b) => weight.indexOf(a.className) - weight.indexOf(b.className));
    list.append(...lines);
    if (lines.length > most + 2)
      list.after(el('details', {}, el('summary', {}, `${lines.length - most} more`), el('ul', {}, lines.slice(most))));
  },
  contents() {
    const links = [...document.querySelectorAll('main > section')]
      .filter((section) => section.id)
      .map((section) =>
        el(
          'a',
          { href: `#${section.id}` },
          `${section.querySelector('h2').textContent} ${section.querySelectorAll('li, tbody > tr').length}`,
        ),
      );
    document.querySelector('header').append(el('nav', { class: 'contents' }, links));
  },
  // A part of the kernel opens on a page of its own; what is pressing is here.
  kernel(section) {
    const part = report.parts.get(report.blocks.indexOf(section.querySelector('script')));
    const title = section.querySelector('h2');
    title.replaceChildren(el('a', { href: part.href }, ...title.childNodes));
    void report
      .recordOf(part)
      .then((record) => {
        const drawing = waitsPerCpu(record);
        if (drawing) title.after(drawing);
      })
      .catch(complain);
  },
  show(place) {
    this.place = place;
    for (const [id, table] of this.tables) table.apply(place.get(id));
    if (place.path) document.getElementById(place.path)?.scrollIntoView();
  },
};

function programPage(program) {
  const list = el('dl', { class: 'facts' });
  for (const [key, x] of Object.entries(program))
    if (key !== 'map_ids' && key !== 'name')
      list.append(el('dt', {}, key), el('dd', {}, typeof x === 'string' ? visible(x) : isNumber(x) ? grouped(x) : words(x)));
  const maps = program.map_ids.map((id) => report.maps.get(id)).filter(Boolean);
  const near = [...report.programs.values()].filter((other) => other.map_ids.some((id) => program.map_ids.includes(id)));
  return el(
    'article',
    {},
    el('h2', {}, `program ${program.id} `, name(program.full_name || program.name || '(no name)')),
    list,
    el('h3', {}, 'Maps it uses'),
    maps.length
      ? el(
          'ul',
          { class: 'places' },
          maps.map((map) => el('li', {}, partLink(map), ` ${visible(map.type)}`)),
        )
      : el('p', {}, 'None in this report.'),
    el('h3', {}, 'It and what shares maps with it'),
    usesGraph([program, ...near.filter((other) => other !== program).slice(0, PAGE)], program) ||
      el('p', {}, 'It uses no map of this report.'),
  );
}
