"""DuckDB's side of the benchmark of the marts: the same SQL over the same Parquet files.

    peer.py MANIFEST

MANIFEST is the JSON that main.rs writes: tables as lists of committed files, views and data tests as SQL. Views stay views
here as there. Then one JSON object a line: {"run": SQL} answers {"rows", "seconds"} with all rows taken as Arrow;
{"compare": SQL, "file": PARQUET} answers {"differences": [...]}, whole rows compared both ways. What DuckDB spells otherwise
is rewritten below, nothing else.
"""

import json
import re
import sys
import time

import duckdb

# Aggregates: DuckDB calls it first(). A date has no number: the days since 1970-01-01 are its own.
EPOCH = "DATE '1970-01-01'"
REWRITES = [
    (r"\bfirst_value\((?=[^()]* ORDER BY )", "first("),
    (r"CAST\((\w*tanggal\w*) AS INT\)", rf"(\1 - {EPOCH})"),
    (r"CAST\((p\.tanggal|\(SELECT max\(tanggal\) FROM potret\)) AS INT\)", rf"(\1 - {EPOCH})"),
]
# Columns that are quotients: DuckDB divides decimals as doubles, so the last digit may be another one.
QUOTIENT = re.compile(r"_pct$|^nilai_ikpa$|^rata_|^pagu_per_|^pct$")

manifest = json.load(open(sys.argv[1]))
db = duckdb.connect()
db.execute(f"SET threads = {manifest['threads']}")
db.execute(f"SET memory_limit = '{manifest['memory_bytes'] // 2**20}MiB'")
db.execute(f"SET temp_directory = '{manifest['spill']}'")
db.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
# What helps DuckDB: rows in any order, footers kept.
db.execute("SET preserve_insertion_order = false")
db.execute("SET parquet_metadata_cache = true")
db.execute("SET TimeZone = 'UTC'")
# Names in SQL are tables, never variables of this script.
db.execute("SET python_enable_replacements = false")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def translate(sql):
    for pattern, replacement in REWRITES:
        sql = re.sub(pattern, replacement, sql)
    return sql


def table(entry):
    name = f"{quoted(entry['schema'])}.{quoted(entry['table'])}"
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(entry['schema'])}")
    if "held" in entry:
        db.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{entry['held']}')")
        return
    partitions = entry["partitions"]
    if not entry["files"]:
        columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in entry["columns"] + partitions)
        db.execute(f"CREATE TABLE {name} ({columns})")
        return
    files = ", ".join(f"'{path}'" for path in entry["files"])
    # A partition key that stands in the path under another name is the same day.
    in_path = [(key, kind) for key, kind in partitions if f"/{key}=" in entry["files"][0]]
    types = ", ".join(f"'{key}': {kind}" for key, kind in in_path)
    hive = f", hive_partitioning = true, hive_types = {{{types}}}" if in_path else ", hive_partitioning = false"
    there = {key for key, _ in in_path}
    other = "".join(f", {quoted(in_path[-1][0])} AS {quoted(key)}" for key, _ in partitions if key not in there)
    db.execute(f"CREATE VIEW {name} AS SELECT *{other} FROM read_parquet([{files}]{hive})")


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def data_tests():
    """ops.data_tests: every test with the number of rows it finds."""
    lines = []
    for check in manifest["checks"]:
        head = check["head"].split("\n")
        severity = next((line.split(":")[1].strip() for line in head if line.startswith("severity:")), "warning")
        rule = " ".join(" ".join(line for line in head if not line.startswith("severity:")).split())
        found = f"(SELECT count(*) FROM ({translate(check['sql'])}))"
        lines.append(f"SELECT {literal(check['name'])} AS name, {literal(severity)} AS severity, {literal(rule)} AS rule, {found} AS rows")
    db.execute("CREATE VIEW ops.data_tests AS " + " UNION ALL ".join(lines))


def views():
    waiting = [(view["name"], translate(view["sql"])) for view in manifest["views"]]
    db.execute("CREATE SCHEMA IF NOT EXISTS mart")
    tested = False
    while waiting:
        later, reason = [], None
        for name, sql in waiting:
            try:
                db.execute(f"CREATE VIEW mart.{quoted(name)} AS {sql}")
            except duckdb.CatalogException as error:
                later.append((name, sql))
                reason = f"{name}: {error}"
            except duckdb.Error as error:
                raise SystemExit(f"{name}: {error}") from error
        if len(later) == len(waiting):
            if tested:
                raise SystemExit(f"these views do not bind: {reason}")
            data_tests()
            tested = True
        waiting = later


def run(sql):
    began = time.perf_counter()
    rows = db.sql(sql).to_arrow_table().num_rows
    return {"rows": rows, "seconds": time.perf_counter() - began}


def compare(sql, file):
    """Whole rows both ways; quotients may differ by one in the last digit."""
    ours = f"read_parquet('{file}')"
    columns = db.execute(f"DESCRIBE SELECT * FROM {ours}").fetchall()
    typed = ", ".join(f"CAST({quoted(c[0])} AS {c[1]}) AS {quoted(c[0])}" for c in columns)
    db.execute(f"CREATE OR REPLACE TEMP TABLE theirs AS SELECT {typed} FROM ({sql})")
    db.execute(f"CREATE OR REPLACE TEMP TABLE ours AS SELECT * FROM {ours}")
    differences = []
    counts = [db.execute(f"SELECT count(*) FROM {side}").fetchall()[0][0] for side in ("ours", "theirs")]
    if counts[0] != counts[1]:
        differences.append(f"{counts[0]} rows in lumbung, {counts[1]} in DuckDB")
    exact = ", ".join(quoted(c[0]) for c in columns if not QUOTIENT.search(c[0]))
    for one, other in (("ours", "theirs"), ("theirs", "ours")):
        only = f"SELECT {exact} FROM {one} EXCEPT ALL SELECT {exact} FROM {other}"
        n = db.execute(f"SELECT count(*) FROM ({only})").fetchall()[0][0]
        if n:
            example = db.execute(f"SELECT * FROM ({only}) LIMIT 1").fetchall()[0]
            differences.append(f"{n} rows only in {one}, such as {example}")
    for column, kind, *_ in columns:
        if QUOTIENT.search(column):
            step = 10.0 ** -int(re.search(r",(\d+)\)", kind).group(1))
            sums = [db.execute(f"SELECT count({quoted(column)}), coalesce(sum({quoted(column)}), 0) FROM {side}").fetchall()[0] for side in ("ours", "theirs")]
            if sums[0][0] != sums[1][0] or abs(float(sums[0][1] - sums[1][1])) > step * max(1, sums[0][0]):
                differences.append(f"column {column}: values and sum {sums[0]} in lumbung, {sums[1]} in DuckDB")
    return {"differences": differences}


for entry in manifest["tables"]:
    table(entry)
views()
print(json.dumps({"version": duckdb.__version__}), flush=True)
for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = run(question["run"]) if "run" in question else compare(question["compare"], question["file"])
    except duckdb.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
