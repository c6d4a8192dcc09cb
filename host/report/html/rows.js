// A map's rows as columns: each row is laid flat into cells by the path of its members. Rows are read when they are shown;
// only a sort, a filter or a histogram reads all of them.

const MOST_COLUMNS = 40,
  DEEPEST_CELL = 3;
const HIDDEN = new Set(['key_hex', 'value_hex', 'per_cpu_hex', 'per_cpu', 'data_hex']);

// The list of a record that has one.
function rowsOf(record) {
  const places = [
    ['entries'],
    ['percpu_hash_entries'],
    ['percpu_entries'],
    ['array_entries'],
    ['elements'],
    ['ringbuf', 'records'],
    ['stack_trace', 'entries'],
    ['fd_array', 'slots'],
    ['arena', 'pages'],
  ];
  for (const path of places) {
    const list = path.reduce((from, key) => from && from[key], record);
    if (list instanceof Rows && list.length) return { path: path.join('.'), list };
  }
  return null;
}

// Calls `put(path, x)` for each cell of x.
function layFlat(x, path, put, depth = 0) {
  const inner = (key) => (path && key ? `${path}.${key}` : path || key);
  if (isValue(x)) {
    if (x.kind === 'struct' && depth < DEEPEST_CELL && x.members.length) {
      x.members.forEach((member) => layFlat(member.value, inner(member.name), put, depth + 1));
      return;
    }
    put(path, x);
    if (x.kind === 'ptr' && x.deref && x.deref.kind === 'struct' && depth < 2)
      x.deref.members.forEach((member) => layFlat(member.value, `${path}→${member.name}`, put, depth + 2));
    return;
  }
  if (!isObject(x) || depth >= DEEPEST_CELL) {
    put(path, x);
    return;
  }
  for (const [key, part] of Object.entries(x)) layFlat(part, inner(key), put, depth + 1);
}

// What orders cells: numbers by their value, all else by its words. A pointer is its number.
function orderOf(x) {
  if (isNumber(x)) return x;
  if (typeof x === 'boolean') return Number(x);
  if (isValue(x) && (isNumber(x.value) || typeof x.value === 'boolean'))
    return typeof x.value === 'boolean' ? Number(x.value) : x.value;
  if (isValue(x) && x.kind === 'bytes' && /^-?\d+$/.test(x.value || '')) return BigInt(x.value);
  return words(x);
}
function compare(a, b) {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

class RowTable {
  constructor(list) {
    this.list = list;
    const first = list.at(0);
    this.cpus = isObject(first) && Array.isArray(first.per_cpu) ? first.per_cpu.length : 0;
    this.names = this.columnNames();
  }
  // Per-CPU rows are one a CPU.
  get length() {
    return this.list.length * (this.cpus || 1);
  }
  rowNumber(index) {
    return this.cpus ? Math.floor(index / this.cpus) : index;
  }
  record(index) {
    return this.list.at(this.rowNumber(index));
  }

  cells(index) {
    const cells = new Map(),
      row = this.record(index);
    const put = (path, x) => {
      if (!cells.has(path)) cells.set(path, x);
    };
    if (!isObject(row)) {
      layFlat(row, 'value', put);
      return cells;
    }
    if (!('key' in row) && 'key_hex' in row) put('key', row.key_hex);
    if ('key' in row) layFlat(row.key, 'key', put);
    if ('owner' in row) layFlat(row.owner, 'owner', put);
    if (this.cpus) {
      const cpu = index % this.cpus,
        copy = row.per_cpu[cpu];
      put('cpu', cpu);
      layFlat(copy === undefined ? null : copy, 'value', put);
    } else if (!('value' in row) && 'value_hex' in row) {
      put('value', row.value_hex);
    }
    for (const [key, part] of Object.entries(row)) if (key !== 'key' && !HIDDEN.has(key)) layFlat(part, key, put);
    if (row.data_hex !== undefined && !('value' in row) && !('pcs' in row)) put('data', row.data_hex);
    return cells;
  }

  // Of the first rows and the last: what only others have is in their tree.
  columnNames() {
    const names = new Set(),
      look = Math.min(this.length, PAGE);
    for (let i = 0; i < look; i++) for (const path of this.cells(i).keys()) names.add(path);
    if (this.length > look) for (const path of this.cells(this.length - 1).keys()) names.add(path);
    return [...names].slice(0, MOST_COLUMNS);
  }

  // Indices of the rows that are shown, in their order.
  async choose({ filter, sort, descending }, told) {
    let indices = Array.from({ length: this.length }, (_, i) => i);
    if (!filter && !sort) return indices;
    const wanted = filter.toLowerCase(),
      keys = [];
    const kept = [];
    for (const i of indices) {
      if (i % 4000 === 3999) {
        told(i, this.length);
        await breath();
      }
      const cells = this.cells(i);
      if (wanted && !matches(cells, wanted)) continue;
      kept.push(i);
      if (sort) keys[i] = cells.has(sort) ? orderOf(cells.get(sort)) : undefined;
    }
    indices = kept;
    if (sort)
      indices.sort(
        (a, b) =>
          (descending && keys[a] !== undefined && keys[b] !== undefined
            ? compare(keys[b], keys[a])
            : compare(keys[a], keys[b])) || a - b,
      );
    return indices;
  }

  // The numbers of a column.
  async numbers(column, indices, told) {
    const found = [];
    for (let n = 0; n < indices.length; n++) {
      if (n % 4000 === 3999) {
        told(n, indices.length);
        await breath();
      }
      const value = orderOf(this.cells(indices[n]).get(column));
      if (isNumber(value)) found.push(Number(value));
    }
    return found;
  }
}

// "member=text" asks one column, anything else all of them.
function matches(cells, wanted) {
  const equals = wanted.indexOf('=');
  const column = equals > 0 ? wanted.slice(0, equals) : '';
  for (const [path, x] of cells) {
    if (
      column &&
      (path.toLowerCase() === column || path.toLowerCase().endsWith(`.${column}`)) &&
      cellText(path, x) === wanted.slice(equals + 1)
    )
      return true;
    if (cellText(path, x).includes(wanted)) return true;
  }
  return false;
}
const cellText = (path, x) => (x === null ? '' : plainWords(path.split(/[.→]/).pop(), x, 0).toLowerCase());
