// Pictures of one map or of one part of the kernel: where an arena's pages lie, how far a ring buffer's reader is, how long tasks
// wait on each CPU, how the numbers of a column are spread.

const WIDTH = 900;

function figure(title, drawing, ...more) {
  return el('figure', {}, el('figcaption', {}, title), drawing, ...more);
}
const picture = (height, label, ...parts) =>
  svg('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label, class: 'picture' }, ...parts);
const box = (x, y, width, height, kind, title) =>
  svg('rect', { x, y, width: Math.max(width, 1), height, class: kind }, title ? svg('title', {}, title) : null);
const label = (x, y, text, anchor = 'start') => svg('text', { x, y, 'text-anchor': anchor }, text);

// Pages of an arena, in as much of it as has any.
function arenaStrip(arena, marked) {
  const runs = arena.runs || [];
  if (!runs.length) return null;
  const page = 4096n,
    begin = BigInt(arena.user_vm_start);
  const offsets = runs.map((run) => ({ from: Number((BigInt(run.user_addr) - begin) / page), pages: Number(run.pages) }));
  const declared = Number(arena.declared_pages),
    last = Math.max(...offsets.map((run) => run.from + run.pages));
  const most = Math.min(declared || last, Math.max(last, 64));
  const x = (at) => (at * WIDTH) / most;
  const pages = offsets.reduce((sum, run) => sum + run.pages, 0);
  const blocks = offsets
    .slice(0, 2000)
    .map((run) =>
      box(x(run.from), 4, x(run.pages), 28, 'there', `${counted(run.pages, 'page')} at ${hex(begin + BigInt(run.from) * page)}`),
    );
  if (marked) blocks.push(box(x(Number((marked - begin) / page)), 0, 3, 36, 'mark', hex(marked)));
  return figure(
    `${counted(pages, 'page')} of ${grouped(declared)} mapped, in ${counted(runs.length, 'run')}`,
    picture(
      52,
      'mapped pages of the arena',
      box(0, 4, WIDTH, 28, 'room'),
      ...blocks,
      label(0, 48, hex(begin)),
      label(WIDTH, 48, hex(begin + BigInt(most) * page), 'end'),
    ),
  );
}

// A ring buffer as a strip: what waits between consumer and producer, and what of it is not committed yet.
function ringStrip(ring) {
  const capacity = Number(ring.capacity);
  if (!capacity) return null;
  const consumer = BigInt(ring.consumer_pos),
    waiting = Number(BigInt(ring.producer_pos) - consumer);
  const shown = Math.max(0, Math.min(waiting, capacity)),
    at = Number(consumer % BigInt(capacity));
  const x = (bytes) => (bytes * WIDTH) / capacity;
  const parts = [];
  const put = (from, size, kind, title) => {
    // around the end
    const first = Math.min(size, capacity - (from % capacity));
    parts.push(box(x(from % capacity), 4, x(first), 28, kind, title));
    if (first < size) parts.push(box(0, 4, x(size - first), 28, kind, title));
  };
  if (shown) put(at, shown, 'there', `${bytesText(shown)} wait`);
  const records = ring.records instanceof Rows ? ring.records : null;
  for (let i = 0; records && i < Math.min(records.length, 1000); i++) {
    const record = records.at(i);
    if (record.state !== 'committed')
      put(
        Number(BigInt(record.pos) % BigInt(capacity)),
        Number(record.len) + 8,
        record.state === 'busy' ? 'busy' : 'gone',
        `${record.state}, ${record.len} bytes`,
      );
  }
  parts.push(box(x(at), 0, 3, 36, 'mark', `consumer at ${ring.consumer_pos}`));
  return figure(
    `${bytesText(shown)} of ${bytesText(capacity)} wait for the consumer (${((100 * shown) / capacity).toFixed(1)} %)`,
    picture(
      52,
      'fill of the ring buffer',
      box(0, 4, WIDTH, 28, 'room'),
      ...parts,
      label(0, 48, '0'),
      label(WIDTH, 48, bytesText(capacity), 'end'),
    ),
  );
}

// How long the tasks of each CPU's queue have waited: a bar a task, longest first.
function waitsPerCpu(record) {
  const cpus = (record.cpus || []).filter(
    (cpu) => Array.isArray(cpu.runnable) && cpu.runnable.some((task) => task.waited_ms !== undefined),
  );
  const limit = Number((record.schedulers || []).map((scheduler) => scheduler.watchdog_timeout_ms || 0)[0] || 0);
  const waits = cpus.flatMap((cpu) => cpu.runnable.map((task) => Number(task.waited_ms || 0)));
  const longest = waits.reduce((most, ms) => Math.max(most, ms), 1);
  const isNear = limit && longest > limit / 4; // else all bars would be dots
  const most = isNear ? Math.max(limit, longest) : longest;
  if (!waits.length) return null;
  const bar = 14,
    left = 60;
  const x = (ms) => left + (ms * (WIDTH - left - 150)) / most;
  const parts = [];
  let y = 0;
  for (const cpu of cpus) {
    const tasks = [...cpu.runnable].sort((a, b) => Number(b.waited_ms || 0) - Number(a.waited_ms || 0)).slice(0, PAGE);
    parts.push(label(0, y + bar - 2, `CPU ${cpu.cpu}`));
    for (const task of tasks) {
      const ms = Number(task.waited_ms || 0);
      parts.push(
        box(
          left,
          y + 2,
          x(ms) - left,
          bar - 4,
          limit && ms > limit / 2 ? 'busy' : 'there',
          `${visible(task.comm)}[${task.pid}] ${ms} ms`,
        ),
        label(x(ms) + 4, y + bar - 3, `${visible(task.comm)} ${ms} ms`),
      );
      y += bar;
    }
    y += bar / 2;
  }
  if (isNear)
    parts.push(
      svg('line', { x1: x(limit), x2: x(limit), y1: 0, y2: y, class: 'limit' }, svg('title', {}, `the watchdog’s ${limit} ms`)),
    );
  return figure(
    isNear
      ? `How long tasks have waited on each CPU; the line is the watchdog’s ${limit} ms`
      : `How long tasks have waited on each CPU${limit ? `; the watchdog’s ${limit} ms are far off` : ''}`,
    picture(y + 4, 'waits per CPU', ...parts),
  );
}

// Widths are equal, or each twice the one before where numbers lie far apart.
function histogram(column, numbers, close) {
  const shut = el('button', { onclick: close }, 'close');
  if (!numbers.length) return figure(`${visible(column)}: no numbers`, shut);
  let low = Infinity,
    high = -Infinity,
    sum = 0;
  for (const number of numbers) ((low = Math.min(low, number)), (high = Math.max(high, number)), (sum += number));
  const isWide = low >= 0 && high > 1000 * Math.max(1, sum / numbers.length / 1000) && high > 64 * Math.max(1, low);
  const edges = isWide ? powers(high) : evenly(low, high);
  const counts = new Array(edges.length - 1).fill(0);
  for (const number of numbers) counts[bucketOf(edges, number)]++;
  const most = Math.max(...counts),
    height = 160,
    width = WIDTH / counts.length;
  const bars = counts.map((count, i) =>
    box(
      i * width + 1,
      height - (count * (height - 16)) / most,
      width - 2,
      (count * (height - 16)) / most,
      count ? 'there' : 'room',
      `${edges[i]} to ${edges[i + 1]}: ${count}`,
    ),
  );
  return figure(
    `${visible(column)}: ${counted(numbers.length, 'number')}, least ${low}, mean ${(sum / numbers.length).toPrecision(6)}, most ${high}${isWide ? '; each bar is twice as wide as the one before' : ''}`,
    picture(
      height + 18,
      `histogram of ${visible(column)}`,
      ...bars,
      label(0, height + 14, String(edges[0])),
      label(WIDTH, height + 14, String(edges[edges.length - 1]), 'end'),
    ),
    shut,
  );
}

function evenly(low, high) {
  const bars = 24,
    step = (high - low) / bars || 1;
  return Array.from({ length: bars + 1 }, (_, i) => low + i * step);
}
function powers(high) {
  const edges = [0, 1];
  while (edges[edges.length - 1] <= high) edges.push(2 * edges[edges.length - 1]);
  return edges;
}
function bucketOf(edges, number) {
  let at = edges.length - 2;
  while (at > 0 && number < edges[at]) at--;
  return at;
}
