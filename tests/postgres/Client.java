// What a BI tool does by JDBC, step by step; every line of output is one finding, "name: value".
// java -cp postgresql.jar Client.java URL USER PASSWORD

import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

public class Client {
    interface Step { Object run() throws Exception; }

    static void say(String name, Step step) {
        try {
            System.out.println(name + ": " + step.run());
        } catch (SQLException e) {
            System.out.println(name + ": failed " + e.getSQLState() + " " + e.getMessage().replace("\n", " "));
        } catch (Exception e) {
            System.out.println(name + ": failed " + e);
        }
    }

    static String rows(ResultSet rows, String... columns) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
            List<String> cells = new ArrayList<>();
            for (String column : columns) cells.add(rows.getString(column));
            found.add(String.join(" ", cells));
        }
        return found.size() + " " + String.join(", ", found.subList(0, Math.min(60, found.size())));
    }

    public static void main(String[] args) throws Exception {
        Properties login = new Properties();
        login.setProperty("user", args[1]);
        login.setProperty("password", args[2]);
        try (Connection connection = DriverManager.getConnection(args[0], login)) {
            DatabaseMetaData meta = connection.getMetaData();
            say("version", () -> meta.getDatabaseMajorVersion());
            say("read only", () -> { connection.setReadOnly(true); return connection.isReadOnly(); });
            say("schemas", () -> rows(meta.getSchemas(), "TABLE_SCHEM"));
            say("tables", () -> rows(meta.getTables(null, "omspan", "%", null), "TABLE_NAME", "TABLE_TYPE"));
            say("views", () -> rows(meta.getTables(null, "mart", "serapan%", new String[] {"VIEW"}), "TABLE_NAME"));
            say("columns", () -> rows(meta.getColumns(null, "omspan", "dipa_belanja", "%"),
                "COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS"));
            say("keys", () -> rows(meta.getPrimaryKeys(null, "omspan", "dipa_belanja"), "COLUMN_NAME"));
            say("imported keys", () -> rows(meta.getImportedKeys(null, "omspan", "dipa_belanja"), "FKCOLUMN_NAME"));
            say("indexes", () -> rows(meta.getIndexInfo(null, "omspan", "dipa_belanja", false, true), "INDEX_NAME"));
            say("types", () -> { int n = 0; ResultSet r = meta.getTypeInfo(); while (r.next()) n++; return n > 10; });
            say("catalogs", () -> rows(meta.getCatalogs(), "TABLE_CAT"));
            say("functions", () -> { int n = 0; ResultSet r = meta.getFunctions(null, null, "upper%"); while (r.next()) n++; return n >= 0; });
            String sql = "SELECT kdsatker, amount, snapshot_date, tahun_anggaran FROM omspan.dipa_belanja "
                + "WHERE tahun_anggaran = ? AND amount > ? ORDER BY amount DESC, kdsatker LIMIT ?";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                // From the fifth time on the driver prepares on the server and asks for binary values.
                for (int i = 0; i < 7; i++) {
                    statement.setInt(1, 2026);
                    statement.setBigDecimal(2, new BigDecimal("0.005"));
                    statement.setInt(3, 1);
                    final int turn = i;
                    ResultSet found = statement.executeQuery();
                    found.next();
                    if (turn == 0 || turn == 6) {
                        say("row " + turn, () -> found.getString(1) + " " + found.getBigDecimal(2) + " " + found.getDate(3)
                            + " " + found.getInt(4));
                    }
                }
                ResultSetMetaData columns = statement.getMetaData();
                say("described", () -> columns.getColumnTypeName(2) + " " + columns.getPrecision(2) + " " + columns.getScale(2));
            }
            say("texts", () -> {
                PreparedStatement statement = connection.prepareStatement("SELECT count(*) FROM omspan.dipa_belanja WHERE kdsatker = ? AND snapshot_date <= ?");
                statement.setString(1, "no such satker");
                statement.setDate(2, java.sql.Date.valueOf("2099-01-01"));
                ResultSet found = statement.executeQuery();
                found.next();
                return found.getLong(1);
            });
            say("lists", () -> {
                PreparedStatement statement = connection.prepareStatement("SELECT count(*) > 0 FROM omspan.dipa_belanja WHERE tahun_anggaran = ANY (?)");
                statement.setArray(1, connection.createArrayOf("int4", new Integer[] {2025, 2026}));
                ResultSet found = statement.executeQuery();
                found.next();
                return found.getBoolean(1);
            });
            say("instants", () -> {
                ResultSet found = connection.createStatement().executeQuery("SELECT max(started_at) FROM ops.runs");
                found.next();
                return found.getObject(1, java.time.OffsetDateTime.class) != null;
            });
            say("portions", () -> {
                connection.setAutoCommit(false);
                Statement statement = connection.createStatement();
                statement.setFetchSize(50);
                ResultSet found = statement.executeQuery("SELECT kdsatker FROM omspan.dipa_belanja");
                int n = 0;
                while (found.next()) n++;
                connection.commit();
                connection.setAutoCommit(true);
                ResultSet count = connection.createStatement().executeQuery("SELECT count(*) FROM omspan.dipa_belanja");
                count.next();
                return n == count.getInt(1);
            });
            // The driver asks the server to cancel.
            say("timeout", () -> {
                Statement statement = connection.createStatement();
                statement.setQueryTimeout(1);
                return statement.executeQuery("SELECT count(*) FROM range(1, 100000) a CROSS JOIN range(1, 100000) b CROSS JOIN range(1, 100000) c").next();
            });
            say("write", () -> connection.createStatement().execute("CREATE TABLE x (a int)"));
            say("after", () -> { ResultSet r = connection.createStatement().executeQuery("SELECT 1"); r.next(); return r.getInt(1); });
        }
    }
}
