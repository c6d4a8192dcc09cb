-- SPDX-License-Identifier: Apache-2.0
-- The same views as duckdb.sql has. In the folder of the reports:  clickhouse local --queries-file clickhouse.sql --interactive
-- Values stay JSON text, since each map has its own: JSONExtractUInt(value, 'stats', 'hits') is a member of one.

create or replace view lines as
  select replaceRegexpOne(_file, '\\.ndjson$', '') as dump, json as line
  from file('*.ndjson', 'JSONAsString', 'json String');

create or replace view sources as
  select dump, JSONExtractRaw(line, 'source') as source, JSONExtractString(line, 'source', 'release') as release,
         JSONExtractString(line, 'machine', 'host_name') as host,
         parseDateTimeBestEffortOrNull(JSONExtractString(line, 'machine', 'time')) as time,
         JSONExtractString(line, 'machine', 'panic', 'text') as panic
  from lines where JSONHas(line, 'schema');

create or replace view entries as
  select dump, JSONExtractString(line, 'map') as map, JSONExtractUInt(line, 'map_id') as map_id, JSONExtractString(line, 'type') as type,
         JSONExtract(line, 'cpu', 'Nullable(UInt32)') as cpu, JSONExtractRaw(line, 'key') as key, JSONExtractRaw(line, 'value') as value,
         JSONExtractRaw(line, 'more') as more
  from lines where JSONHas(line, 'map');

create or replace view maps as
  select dump, JSONExtractString(line, 'map_summary', 'name') as map, JSONExtractUInt(line, 'map_summary', 'id') as map_id,
         JSONExtractString(line, 'map_summary', 'type_name') as type, JSONExtractUInt(line, 'map_summary', 'max_entries') as max_entries,
         JSONExtract(line, 'map_summary', 'entry_count', 'Nullable(UInt64)') as entry_count,
         JSONExtract(line, 'map_summary', 'bytes', 'Nullable(UInt64)') as bytes,
         JSONExtractString(line, 'map_summary', 'status') as status, JSONExtractRaw(line, 'map_summary') as summary
  from lines where JSONHas(line, 'map_summary');

create or replace view programs as
  select dump, JSONExtractUInt(line, 'program', 'id') as id, JSONExtractString(line, 'program', 'name') as name,
         JSONExtractString(line, 'program', 'type') as type, JSONExtract(line, 'program', 'run_cnt', 'Nullable(UInt64)') as run_cnt,
         JSONExtract(line, 'program', 'run_time_ns', 'Nullable(UInt64)') as run_time_ns
  from lines where JSONHas(line, 'program');

create or replace view findings as
  select dump, JSONExtractString(line, 'finding', 'severity') as severity, JSONExtract(line, 'finding', 'map', 'Nullable(UInt32)') as map_id,
         JSONExtractString(line, 'finding', 'text') as text
  from lines where JSONHas(line, 'finding');

-- How full each map is, over all dumps: those first that are the nearest to their end anywhere.
create or replace view fill as
  select map, type, count() as dumps, min(entry_count) as least, max(entry_count) as most, max(max_entries) as largest,
         round(100 * max(entry_count / nullIf(max_entries, 0)), 1) as fullest_percent, argMax(dump, entry_count) as fullest_in
  from maps where entry_count is not null and type not like '%array%' and type != 'struct_ops' group by map, type order by fullest_percent desc nulls last, map;

-- What a map gained from one dump of a machine to the next.
create or replace view growth as
  select host, time, dump, map, map_id, entry_count,
         toInt64(entry_count) - lagInFrame(toNullable(toInt64(entry_count))) over
           (partition by host, map, map_id order by time rows between unbounded preceding and unbounded following) as gained
  from maps join sources using (dump) where entry_count is not null and host != '';

-- What programs keep of each task: storages name their owner, other maps have a pid or tid in their key.
create or replace view task_contexts as
  select dump, coalesce(JSONExtract(more, 'owner', 'pid', 'Nullable(Int64)'), JSONExtract(key, 'pid', 'Nullable(Int64)'),
                        JSONExtract(key, 'tid', 'Nullable(Int64)')) as pid,
         JSONExtractString(more, 'owner', 'comm') as comm, map, cpu, key, value
  from entries where pid is not null;

-- Settings that are not the same everywhere: sections that programs only read, and how maps of one name were declared.
create or replace view facts as
  select dump, map, 'value' as what, value as fact from entries where endsWith(map, '.rodata') and type = 'array'
  union all
  select dump, map, 'declared', concat(type, ' ', toString(max_entries), ' ', JSONExtractRaw(summary, 'value_size')) from maps;

create or replace view differing as
  select map, what, fact, uniqExact(dump) as dumps, arraySort(groupUniqArray(dump)) as which
  from facts where (map, what) in (select map, what from facts group by map, what having uniqExact(fact) > 1)
  group by map, what, fact order by map, what, dumps desc;
