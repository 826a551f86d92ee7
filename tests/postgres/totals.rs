//! One truth: rows and sums of every dataset through pyarrow, DuckDB, Polars and pandas from the files of `latest` are those
//! that the SQL port tells.

use super::house::House;
use crate::harness::python_has;

/// Reads every dataset both ways and prints how many figures were compared.
const COMPARE: &str = r#"
import decimal, glob, os, sys, psycopg
import duckdb, pandas, polars, pyarrow as pa, pyarrow.compute as pc, pyarrow.dataset as ds
latest = sys.argv[1]
connection = psycopg.connect(os.environ["DSN"], autocommit=True)
tables = connection.execute("""
    SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('history', 'ops', 'ref') ORDER BY 1, 2""").fetchall()
money = lambda values: sum((v for v in values if v is not None), decimal.Decimal(0))
compared = 0
for schema, table in tables:
    folder = os.path.join(latest, schema, table)
    files = sorted(glob.glob(folder + "/**/*.parquet", recursive=True))
    columns = [name for (name,) in connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s AND data_type = 'numeric'",
        [schema, table]).fetchall()]
    sums = ", ".join(f'coalesce(sum("{c}"), 0)' for c in columns)
    told = connection.execute(f'SELECT count(*){", " + sums if sums else ""} FROM "{schema}"."{table}"').fetchone()
    told = [told[0], *map(decimal.Decimal, told[1:])]
    if not files:
        assert told[0] == 0, (schema, table, told)
        continue
    arrow = ds.dataset(files, format="parquet").to_table()
    wide = lambda column: pc.sum(arrow[column].cast(pa.decimal256(76, arrow.schema.field(column).type.scale))).as_py() or decimal.Decimal(0)
    answers = {"pyarrow": [arrow.num_rows, *map(wide, columns)]}
    rows = duckdb.sql(f"SELECT count(*){''.join(f', coalesce(sum({chr(34)}{c}{chr(34)}), 0)' for c in columns)} "
        f"FROM read_parquet({files!r}, union_by_name = true)").fetchall()[0]
    answers["duckdb"] = [rows[0], *map(decimal.Decimal, rows[1:])]
    frame = polars.scan_parquet(files)
    read = frame.select(polars.len().alias("n"), *[polars.col(c).sum().alias(c) for c in columns]).collect().row(0)
    answers["polars"] = [read[0], *(decimal.Decimal(v or 0) for v in read[1:])]
    frames = pandas.concat([pandas.read_parquet(f, columns=columns or None, partitioning=None) for f in files])
    answers["pandas"] = [len(frames), *(money(v if v is None or isinstance(v, decimal.Decimal) else decimal.Decimal(str(v)) for v in frames[c]) for c in columns)]
    for tool, answer in answers.items():
        assert answer == told, (schema, table, tool, answer, told)
        compared += len(answer)
print(compared, len(tables))
"#;

#[test]
fn files_and_port_tell_the_same_totals() {
    if !python_has(&["psycopg", "duckdb", "pandas", "polars", "pyarrow"]) {
        return;
    }
    let house = House::empty();
    let sources = ["omspan", "simda", "sipp.p3ke", "sipp.bantuan", "padi.transaksi"];
    let mut load = house.lab.systems_command(&[&["snapshot"][..], &sources].concat());
    assert!(load.status().unwrap().success());
    let port = house.serve(true, &[]);
    let latest = house.lab.warehouse().join("latest");
    let told = port.python("ana", COMPARE, &[latest.to_str().unwrap()]);
    let (compared, tables) = told.trim().split_once(' ').unwrap();
    eprintln!("{compared} figures of {tables} tables are the same in five tools");
    assert!(compared.parse::<u32>().unwrap() > 100, "{told}");
}
