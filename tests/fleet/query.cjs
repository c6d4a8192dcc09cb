// SPDX-License-Identifier: Apache-2.0
// usage: node query.cjs duckdb|clickhouse VIEWS.sql QUERY...: makes the views in the current folder, prints each answer as a line of
// JSON: a list of rows, and each a list of texts, so that engines can be compared.
const fs = require("fs");
const [engine, views, ...queries] = process.argv.slice(2);
const statements = fs.readFileSync(views, "utf8").replace(/^--.*$/gm, "").split(";").filter((text) => text.trim());
const text = (cell) => (cell === null ? null : typeof cell === "object" ? JSON.stringify(cell) : String(cell));
const print = (rows) => console.log(JSON.stringify(rows.map((row) => row.map(text))));

async function duckdb() {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const statement of statements) await connection.run(statement);
  for (const query of queries) print((await connection.runAndReadAll(query)).getRowsJson());
}

function clickhouse() {
  const { Session } = require("chdb");
  const session = new Session();
  try {
    for (const statement of statements) session.query(statement);
    for (const query of queries) {
      const lines = session.query(query, "JSONCompactEachRow").split("\n").filter(Boolean);
      print(lines.map((line) => JSON.parse(line)));
    }
  } finally {
    session.cleanup();
  }
}

Promise.resolve(engine === "duckdb" ? duckdb() : clickhouse()).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
