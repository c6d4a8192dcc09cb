// The page of one map, allocator or part of the kernel.

const HEAD = [
  'name',
  'full_name',
  'id',
  'type_name',
  'map_type',
  'key_size',
  'value_size',
  'max_entries',
  'entry_count',
  'map_flags',
  'flag_names',
  'map_extra',
  'map_kva',
  'btf_id',
  'key_type',
  'value_type',
  'btf_key_type_id',
  'btf_value_type_id',
  'btf_vmlinux_value_type_id',
  'types_from',
  'frozen',
  'refcnt',
  'usercnt',
  'programs',
  'renderer',
  'status',
  'error',
  'limits',
  'notes',
  'allocator_name',
  'map_id',
  'elem_size',
  'payload_btf_type_id',
  'payload_type_reason',
  'payload_type_guess',
  'header_layout',
  'skipped_subtrees',
  'truncated',
];

async function partPage(part, place) {
  const record = await report.recordOf(part),
    rows = rowsOf(record);
  const title = part.kind === 'kernel' ? (part.row ? '' : part.id) : `${part.kind} ${part.id} `;
  const page = el(
    'article',
    {},
    el('h2', {}, title, part.kind === 'kernel' ? '' : name(record.full_name || part.name)),
    facts(part, record),
    troubles(record),
    links(part),
  );
  for (const drawing of drawings(part, record, place)) if (drawing) page.append(drawing);
  page.append(...content(record, rows, place));
  page.append(
    el('details', { class: 'json', ontoggle: (event) => showJson(event.target, part) }, el('summary', {}, 'JSON of this record')),
  );
  return page;
}

// In place of the record's own words for numbers, those of people.
function facts(part, record) {
  const list = el('dl', { class: 'facts' });
  const put = (key, ...what) => list.append(el('dt', {}, key), el('dd', {}, ...what));
  if (record.type_name) put('type', visible(record.type_name));
  if (record.key_size !== undefined) put('key, value', `${record.key_size} B, ${record.value_size} B`);
  if (record.max_entries !== undefined) put('max_entries', grouped(record.max_entries));
  if (record.entry_count !== undefined)
    put(record.allocator_name === undefined ? 'entries' : 'live slots', grouped(record.entry_count));
  if (record.flag_names && record.flag_names.length) put('flags', visible(record.flag_names.join(' ')));
  for (const key of ['map_extra', 'map_kva'])
    if (record[key] !== undefined) put(key, leaf(record[key], key === 'map_kva' ? 'kva' : 'addr'));
  for (const key of [
    'btf_id',
    'types_from',
    'frozen',
    'refcnt',
    'usercnt',
    'elem_size',
    'payload_type_guess',
    'payload_type_reason',
    'header_layout',
  ])
    if (record[key] !== undefined) put(key, visible(words(record[key])));
  if (record.map_id !== undefined) put('in map', el('a', { href: `#map-${record.map_id}` }, String(record.map_id)));
  if (record.renderer) put('shown by', visible(record.renderer));
  if (record.status) put('status', el('span', { class: record.status }, record.status));
  return list;
}

function troubles(record) {
  const lines = [
    ...new Set([
      ...(record.limits || []),
      ...(record.notes || []),
      ...(record.error && !(record.limits || []).includes(record.error) ? [record.error] : []),
    ]),
  ];
  return lines.length
    ? el(
        'ul',
        { class: 'troubles' },
        lines.map((line) => el('li', {}, visible(line))),
      )
    : null;
}

// Who uses it, what lies in it, and on request every map that holds it.
function links(part) {
  if (part.kind !== 'map') return null;
  const users = [...report.programs.values()].filter((program) => program.map_ids.includes(part.id));
  const allocators = report.allocators.filter((allocator) => allocator.map === part.id);
  const here = el('div', { class: 'links' });
  if (users.length)
    here.append(
      el(
        'p',
        {},
        'Used by: ',
        users.map((program, i) => [i ? ', ' : '', programLink(program)]),
      ),
    );
  if (allocators.length)
    here.append(
      el(
        'p',
        {},
        'Allocators: ',
        allocators.map((allocator, i) => [i ? ', ' : '', el('a', { href: allocator.href }, name(allocator.name))]),
      ),
    );
  const found = (report.frame.findings || []).filter((finding) => finding.map === part.id);
  if (found.length)
    here.append(
      el(
        'ul',
        { class: 'found' },
        found.map((finding) => el('li', { class: finding.severity }, el('b', {}, finding.severity), ' ', visible(finding.text))),
      ),
    );
  const button = el(
    'button',
    {
      onclick: () => {
        button.disabled = true;
        void holders(part, here).catch(complain);
      },
    },
    'which maps hold or point to this one?',
  );
  here.append(button);
  return here;
}

const programLink = (program) =>
  el('a', { href: `#program-${program.id}` }, `${program.id} `, name(program.full_name || program.name || '(no name)'));

// Maps of maps that have it in a slot, and pointers to the map itself.
async function holders(part, here) {
  const list = el('ul', { class: 'places' }),
    inSlot = `"kind":"map","id":${part.id},`;
  here.append(list);
  for (const other of report.maps.values()) {
    if (!/_of_maps$/.test(other.type)) continue;
    if ((await report.textOf(other)).includes(inSlot)) list.append(el('li', {}, 'a slot of ', partLink(other)));
  }
  const decimal = String(part.kva),
    places = new Set();
  if (part.kva)
    await eachPointer(
      (digits) => digits === decimal,
      (place) => places.add(place),
      () => here.isConnected,
    );
  for (const place of places) list.append(el('li', {}, 'a pointer in ', partLink(place)));
  if (!list.childElementCount) list.append(el('li', {}, 'None in this report.'));
}

function drawings(part, record, place) {
  if (part.kind === 'kernel') return [waitsPerCpu(record)];
  const marked = place.get('address');
  return [
    record.arena ? arenaStrip(record.arena, marked ? BigInt(marked) : null) : null,
    record.ringbuf ? ringStrip(record.ringbuf) : null,
  ];
}

// Everything that is no fact: rows as rows, the rest as trees. Nothing of a record is left out.
function content(record, rows, place) {
  const parts = [];
  for (const [key, x] of Object.entries(record)) {
    if (HEAD.includes(key) && !(x instanceof Rows)) continue;
    if (key === 'value' && isValue(x)) parts.push(singleValue(x, place));
    else if (x instanceof Rows) parts.push(...(rows && rows.list === x ? [] : x.length ? [tree(key, x, 1)] : []));
    else if (key === 'value_hex') parts.push(tree('bytes', { kind: 'bytes', hex: x }));
    else parts.push(nested(key, x, rows));
  }
  if (rows) parts.push(el('h3', {}, rows.path.replace(/_/g, ' ')), rowsView(new RowTable(rows.list), place));
  return parts;
}

// A list of a plugin’s objects is rows as well; the list that has a table of its own is not shown twice.
function nested(key, x, rows) {
  if (Array.isArray(x) && x.length > 1 && x.every(isObject) && !x.some(isValue))
    return el('section', {}, el('h3', {}, visible(key)), rowsView(new RowTable(listRows(x)), new Place('', '')));
  if (isObject(x) && !isValue(x)) {
    const rest = Object.fromEntries(Object.entries(x).filter(([, part]) => !(rows && part === rows.list)));
    return Object.keys(rest).length ? tree(key, rest, 2) : '';
  }
  return tree(key, x, 1);
}
const listRows = (list) => ({ length: list.length, at: (i) => list[i] });

// One value has no rows: its columns are its members, laid flat.
function singleValue(x, place) {
  const shapes = ['tree', 'columns'],
    body = el('div');
  const show = (word) => {
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(shapes[i] === word)));
    body.replaceChildren(word === 'tree' ? tree(x.type_name || 'value', x, 2) : flatValue(x));
  };
  const buttons = shapes.map((word) =>
    el(
      'button',
      {
        onclick: () => {
          place.set({ view: word });
          show(word);
        },
      },
      word,
    ),
  );
  show(place.get('view', 'tree'));
  return el('section', {}, el('div', { class: 'tools' }, buttons), body);
}

function flatValue(x) {
  const rows = [];
  const put = (path, part) => rows.push({ member: path, value: part });
  if (x.kind === 'array') x.elements.forEach((element, i) => layFlat(element, `[${i}]`, put));
  else layFlat(x, '', put);
  return rowsView(new RowTable(listRows(rows)), new Place('', ''));
}

async function showJson(details, part) {
  if (!details.open || details.childElementCount > 1) return;
  const text = await report.textOf(part),
    most = 200000;
  details.append(
    el('pre', {}, visible(text.slice(0, most))),
    text.length > most ? el('p', {}, `The first ${grouped(most)} of ${grouped(text.length)} characters.`) : '',
  );
}
