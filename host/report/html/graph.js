// Programs and the maps they use, as a picture of two columns. Maps lie where the programs are that use them, so that few lines cross.

const ROW = 18,
  LEFT = 250,
  RIGHT = 560;

function usesGraph(programs, own = null) {
  const used = programs.filter((program) => program.map_ids.some((id) => report.maps.has(id)));
  if (!used.length) return null;
  const { left, right } = placesOf(used);
  const lines = [];
  for (const program of used)
    for (const id of program.map_ids) {
      if (!right.has(id)) continue;
      const y1 = left.get(program.id) * ROW + ROW / 2,
        y2 = right.get(id) * ROW + ROW / 2;
      lines.push(
        svg('path', {
          d: `M${LEFT},${y1} C${LEFT + 130},${y1} ${RIGHT - 130},${y2} ${RIGHT},${y2}`,
          class: `edge p${program.id} m${id}`,
        }),
      );
    }
  const height = Math.max(left.size, right.size) * ROW + 8;
  const drawing = picture(
    height,
    'programs and the maps they use',
    ...lines,
    ...used.map((program) =>
      node(
        `#program-${program.id}`,
        LEFT - 6,
        left.get(program.id),
        `${program.full_name || program.name || '(no name)'} ${program.id}`,
        'end',
        `p${program.id}`,
      ),
    ),
    ...[...right].map(([id, at]) => node(`#map-${id}`, RIGHT + 6, at, `${id} ${report.maps.get(id).name}`, 'start', `m${id}`)),
  );
  if (own) for (const edge of drawing.querySelectorAll(`.p${own.id}.edge`)) edge.classList.add('lit');
  drawing.addEventListener('mouseover', (event) => mark(drawing, event.target.closest('a')));
  drawing.addEventListener('focusin', (event) => mark(drawing, event.target.closest('a')));
  return drawing;
}

// Programs in the order of their first map; maps by the mean of their programs, as a few rounds settle it.
function placesOf(programs) {
  const mean = (list) => list.reduce((sum, at) => sum + at, 0) / list.length;
  const ids = [...new Set(programs.flatMap((program) => program.map_ids))].filter((id) => report.maps.has(id));
  let right = rank(ids, (id) => id),
    left = new Map();
  for (let round = 0; round < 4; round++) {
    left = rank(
      programs.map((program) => program.id),
      (id) =>
        mean(
          programs
            .find((program) => program.id === id)
            .map_ids.filter((map) => right.has(map))
            .map((map) => right.get(map)),
        ),
    );
    right = rank(ids, (id) =>
      mean(programs.filter((program) => program.map_ids.includes(id)).map((program) => left.get(program.id))),
    );
  }
  return { left, right };
}
function rank(ids, weight) {
  const weights = new Map(ids.map((id) => [id, weight(id)]));
  return new Map([...ids].sort((a, b) => weights.get(a) - weights.get(b) || a - b).map((id, at) => [id, at]));
}

function node(href, x, at, text, anchor, kind) {
  return svg(
    'a',
    { href, class: kind },
    svg(
      'text',
      { x, y: at * ROW + ROW - 5, 'text-anchor': anchor },
      visible(shortened(text, 34)),
      svg('title', {}, visible(text)),
    ),
  );
}

function mark(drawing, link) {
  if (!link) return;
  const kind = link.getAttribute('class');
  for (const edge of drawing.querySelectorAll('.edge')) edge.classList.toggle('lit', edge.classList.contains(kind));
}
