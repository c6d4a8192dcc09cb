// The rows of a map on the screen: filter, sort, pages of 50, one column's histogram, a row in full.

function rowsView(table, place) {
  const status = el('span', { class: 'status', role: 'status' }),
    body = el('div', { class: 'scroll' }),
    chart = el('div');
  const filter = el('input', {
    type: 'search',
    placeholder: 'filter rows, or member=value ( / )',
    'aria-label': 'filter rows',
    value: place.get('q'),
  });
  const shape = ['columns', 'tree'].map((word) =>
    el(
      'button',
      {
        'aria-pressed': String(place.get('view', 'columns') === word),
        onclick: () => {
          place.set({ view: word });
          shape.forEach((button, i) => button.setAttribute('aria-pressed', String(['columns', 'tree'][i] === word)));
          void show().catch(complain);
        },
      },
      word,
    ),
  );
  let turn = 0;
  const told = (mine) => (done, all) => {
    if (mine === turn) status.textContent = `reading: ${grouped(done)} of ${grouped(all)}`;
  };

  async function show() {
    const mine = ++turn;
    const wish = { filter: place.get('q'), sort: place.get('sort'), descending: place.get('desc') === '1' };
    const indices = await table.choose(wish, told(mine));
    if (mine !== turn) return;
    status.textContent = wish.filter
      ? `${counted(indices.length, 'row')} of ${grouped(table.length)}`
      : counted(table.length, 'row');
    const draw = place.get('view', 'columns') === 'tree' ? treeRows : columnRows;
    const row = place.get('row'),
      at = row === '' ? Number(place.get('from')) : indices.findIndex((index) => table.rowNumber(index) === Number(row));
    body.replaceChildren(
      paged(
        indices.length,
        at || 0,
        (begin, end) => draw(table, indices.slice(begin, end), place, resort),
        (to) => place.set({ from: String(to), row: '' }),
      ),
    );
    const marked = body.querySelector('.marked');
    if (marked) marked.scrollIntoView({ block: 'center' });
    chart.replaceChildren();
    if (place.get('chart')) await drawChart(indices, mine);
  }
  async function drawChart(indices, mine) {
    const numbers = await table.numbers(place.get('chart'), indices, told(mine));
    if (mine !== turn) return;
    status.textContent = counted(indices.length, 'row');
    chart.replaceChildren(
      histogram(place.get('chart'), numbers, () => {
        place.set({ chart: '' });
        chart.replaceChildren();
      }),
    );
  }
  function resort(column) {
    const same = place.get('sort') === column;
    place.set(
      same && place.get('desc') === '1' ? { sort: '', desc: '' } : { sort: column, desc: same ? '1' : '', from: '', row: '' },
    );
    void show().catch(complain);
  }
  filter.addEventListener('input', () => {
    place.set({ q: filter.value, from: '', row: '' });
    void show().catch(complain);
  });
  const charts = el(
    'select',
    {
      'aria-label': 'histogram of a column',
      onchange: (event) => {
        place.set({ chart: event.target.value });
        void show().catch(complain);
      },
    },
    el('option', { value: '' }, 'histogram …'),
    numberColumns(table).map((column) =>
      el('option', { value: column, selected: column === place.get('chart') }, visible(column)),
    ),
  );
  void show().catch(complain);
  return el('section', { class: 'rows' }, el('div', { class: 'tools' }, filter, shape, charts, status), chart, body);
}

function numberColumns(table) {
  const first = table.length ? table.cells(0) : new Map();
  return table.names.filter(
    (column) => isNumber(orderOf(first.get(column) ?? null)) && addressIn(first.get(column), column) === null,
  );
}

function columnRows(table, indices, place, resort) {
  const heads = table.names.map((column) => {
    const sorted = place.get('sort') === column ? (place.get('desc') === '1' ? 'descending' : 'ascending') : 'none';
    return el(
      'th',
      { 'aria-sort': sorted },
      el(
        'button',
        { title: column, onclick: () => resort(column) },
        visible(column.replace(/^(value|payload)[.→]/, '') || 'value'),
      ),
    );
  });
  const rows = el('tbody');
  for (const index of indices) rows.append(...columnRow(table, index, place));
  return el('table', { class: 'cells' }, el('thead', {}, el('tr', {}, el('th', { title: 'row' }, '#'), heads)), rows);
}

function columnRow(table, index, place) {
  const cells = table.cells(index),
    number = table.rowNumber(index);
  const full = el('tr', { class: 'full', hidden: true }, el('td', { colspan: String(table.names.length + 1) }));
  const open = () => {
    full.hidden = !full.hidden;
    if (!full.hidden && !full.firstChild.hasChildNodes()) full.firstChild.append(tree(`row ${number}`, table.record(index), 3));
  };
  const isMarked = place.get('row') === String(number);
  const row = el(
    'tr',
    { class: isMarked ? 'marked' : null },
    el(
      'td',
      {},
      el(
        'button',
        {
          title: 'all of this row',
          onclick: () => {
            open();
            place.set({ row: full.hidden ? '' : String(number) });
          },
        },
        String(number),
      ),
    ),
    table.names.map((column) => cell(cells.get(column), column)),
  );
  if (isMarked) open();
  return [row, full];
}

function cell(x, column) {
  if (x === undefined) return el('td');
  const isPlain = isNumber(x) || (isValue(x) && isNumber(x.value) && x.kind !== 'enum' && x.kind !== 'ptr');
  return el('td', { class: isPlain ? 'n' : null }, leaf(x, column.split(/[.→]/).pop()));
}

function treeRows(table, indices, place) {
  const here = el('div', { class: 'tree' });
  let last = -1;
  for (const index of indices) {
    const number = table.rowNumber(index);
    if (number === last) continue; // one of another CPU
    last = number;
    const record = table.record(index);
    const isMarked = place.get('row') === String(number);
    const branch = tree(
      rowLabel(record, number),
      isObject(record) &&
        record.value !== undefined &&
        Object.keys(record).every((key) => HIDDEN.has(key) || key === 'key' || key === 'value')
        ? record.value
        : record,
      isMarked ? 3 : 0,
    );
    if (isMarked) branch.classList.add('marked');
    here.append(branch);
  }
  return here;
}

function rowLabel(record, number) {
  if (!isObject(record)) return `[${number}]`;
  if (record.key !== undefined) return shortened(words(record.key), 60);
  return record.key_hex !== undefined ? shortened(record.key_hex, 60) : `[${number}]`;
}
