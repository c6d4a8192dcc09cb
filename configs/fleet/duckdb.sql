-- SPDX-License-Identifier: Apache-2.0
-- Views over what mapscope-fleet wrote. In the folder of the reports:  duckdb -init duckdb.sql
-- Every line is an object; which kind it is its first member says. Values stay JSON, since each map has its own:
-- value->>'$.stats.hits' is a member of one, whatever the others hold.

create or replace view lines as
  select parse_filename(filename, true) as dump, json as line
  from read_ndjson_objects('*.ndjson', filename = true);

create or replace view sources as
  select dump, line->'$.source' as source, line->>'$.source.release' as release, line->>'$.machine.host_name' as host,
         (line->>'$.machine.time')::timestamp as time, line->>'$.machine.panic.text' as panic
  from lines where json_exists(line, '$.schema');

create or replace view entries as
  select dump, line->>'$.map' as map, (line->>'$.map_id')::uinteger as map_id, line->>'$.type' as type,
         (line->>'$.cpu')::uinteger as cpu, line->'$.key' as key, line->'$.value' as value, line->'$.more' as more
  from lines where json_exists(line, '$.map');

create or replace view maps as
  select dump, line->>'$.map_summary.name' as map, (line->>'$.map_summary.id')::uinteger as map_id,
         line->>'$.map_summary.type_name' as type, (line->>'$.map_summary.max_entries')::ubigint as max_entries,
         (line->>'$.map_summary.entry_count')::ubigint as entry_count, (line->>'$.map_summary.bytes')::ubigint as bytes,
         line->>'$.map_summary.status' as status, line->'$.map_summary' as summary
  from lines where json_exists(line, '$.map_summary');

create or replace view programs as
  select dump, (line->>'$.program.id')::uinteger as id, line->>'$.program.name' as name, line->>'$.program.type' as type,
         (line->>'$.program.run_cnt')::ubigint as run_cnt, (line->>'$.program.run_time_ns')::ubigint as run_time_ns
  from lines where json_exists(line, '$.program');

create or replace view findings as
  select dump, line->>'$.finding.severity' as severity, (line->>'$.finding.map')::uinteger as map_id, line->>'$.finding.text' as text
  from lines where json_exists(line, '$.finding');

-- How full each map is, over all dumps: those first that are the nearest to their end anywhere.
create or replace view fill as
  select map, type, count(*) as dumps, min(entry_count) as least, max(entry_count) as most, max(max_entries) as max_entries,
         round(100.0 * max(entry_count / nullif(max_entries, 0)), 1) as fullest_percent, arg_max(dump, entry_count) as fullest_in
  from maps where entry_count is not null and type not like '%array%' and type != 'struct_ops' group by map, type order by fullest_percent desc nulls last, map;

-- What a map gained from one dump of a machine to the next.
create or replace view growth as
  select host, time, dump, map, map_id, entry_count,
         entry_count::hugeint - lag(entry_count) over (partition by host, map, map_id order by time) as gained
  from maps join sources using (dump) where entry_count is not null and host is not null;

-- What programs keep of each task: storages name their owner, other maps have a pid or tid in their key.
create or replace view task_contexts as
  select dump, coalesce(more->>'$.owner.pid', key->>'$.pid', key->>'$.tid')::bigint as pid, more->>'$.owner.comm' as comm, map, cpu, key, value
  from entries where coalesce(more->>'$.owner.pid', key->>'$.pid', key->>'$.tid') is not null;

-- Settings that are not the same everywhere: sections that programs only read, and how maps of one name were declared.
create or replace view differing as
  with facts as (
    select dump, map, 'value' as what, value::varchar as fact from entries where map like '%.rodata' and type = 'array'
    union all
    select dump, map, 'declared', json_object('type', type, 'max_entries', max_entries, 'value_size', summary->'$.value_size')::varchar from maps)
  select map, what, fact, count(distinct dump) as dumps, list(distinct dump order by dump) as which
  from facts where (map, what) in (select (map, what) from facts group by map, what having count(distinct fact) > 1)
  group by map, what, fact order by map, what, dumps desc;
