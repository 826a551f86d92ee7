//! Whether a snapshot is too far from the one before: limits of the contract against two profiles. Shares are compared as
//! integers, sums as exact decimals; no figure passes through a float.

use super::{ExactSum, Profile};
use crate::contract::Drift;

/// What is judged of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Rows, NULLs and distinct values.
    pub profile: Profile,
    /// Sums of the control columns.
    pub sums: std::collections::BTreeMap<String, ExactSum>,
}

/// A limit that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was before, what is now and which limit that passes, in words: names and figures, never a value of a row.
    pub what: String,
    /// Whether it is a loss, of which a shrunken answer would be the reason.
    pub is_loss: bool,
}

/// Compares a snapshot with the one before it. Fewer rows than [`Drift::rows_min`] on either side are not judged.
#[must_use]
pub fn drift(before: &Snapshot, now: &Snapshot, limits: &Drift) -> Vec<Finding> {
    let (then, rows) = (before.profile.rows, now.profile.rows);
    if then < limits.rows_min || rows < limits.rows_min {
        return Vec::new();
    }
    let mut found = Vec::new();
    if over(then, rows, limits.rows_pct) {
        let what = format!(
            "{rows} rows where there were {then}, a growth of more than {} % (drift.rows_pct)",
            limits.rows_pct
        );
        found.push(Finding { what, is_loss: false });
    }
    found.extend(nulls(&before.profile, &now.profile, limits));
    found.extend(distinct(&before.profile, &now.profile, limits));
    found.extend(sums(before, now, limits));
    found
}

/// Columns that are NULL in many more rows than they were. One that was not there before is none that was lost.
pub fn nulls(before: &Profile, now: &Profile, limits: &Drift) -> Vec<Finding> {
    let mut found = Vec::new();
    for (column, &nulls) in &now.nulls {
        let Some(&earlier) = before.nulls.get(column) else { continue };
        let points = limits.null_points_of(column);
        // nulls / now − earlier / before > points / 100, without a division.
        let (then, rows) = (u128::from(before.rows), u128::from(now.rows));
        if u128::from(nulls) * then * 100 > u128::from(earlier) * rows * 100 + u128::from(points) * then * rows {
            let what = format!(
                "{column} is empty in {} of the rows where it was in {}, a rise of more than {points} points (drift.null_points)",
                share(nulls, now.rows),
                share(earlier, before.rows)
            );
            found.push(Finding { what, is_loss: false });
        }
    }
    found
}

fn distinct(before: &Profile, now: &Profile, limits: &Drift) -> Vec<Finding> {
    let mut found = Vec::new();
    for (column, &values) in &now.distinct {
        let Some(&earlier) = before.distinct.get(column) else { continue };
        let pct = limits.distinct_pct_of(column);
        if u128::from(values) * 100 < u128::from(earlier) * u128::from(100 - pct.min(100)) {
            let what = format!(
                "{column} has {values} different values where it had {earlier}, a loss of more than {pct} % \
                 (drift.distinct_pct)"
            );
            found.push(Finding { what, is_loss: true });
        }
    }
    found
}

fn sums(before: &Snapshot, now: &Snapshot, limits: &Drift) -> Vec<Finding> {
    let mut found = Vec::new();
    for (column, sum) in &now.sums {
        // A sum of nothing has no percentage; one with other decimals is of a column that changed its type.
        let Some(earlier) = before.sums.get(column).filter(|e| e.unscaled != 0 && e.scale == sum.scale) else {
            continue;
        };
        let pct = limits.sums_pct_of(column);
        let moved = sum.unscaled.saturating_sub(earlier.unscaled).unsigned_abs();
        // moved / earlier > pct / 100; sums of 38 digits leave no room to multiply, and need none: hundredths of their
        // whole units are divided instead.
        let allowed = match earlier.unscaled.unsigned_abs().checked_mul(u128::from(pct)) {
            Some(product) => product / 100,
            None => (earlier.unscaled.unsigned_abs() / 100).saturating_mul(u128::from(pct)),
        };
        if moved > allowed {
            let what = format!(
                "{column} adds up to {sum} where it came to {earlier}, a change of more than {pct} % (drift.sums_pct)"
            );
            found.push(Finding { what, is_loss: false });
        }
    }
    found
}

/// Whether `now` is more than `then` by over `pct` percent.
fn over(then: u64, now: u64, pct: u32) -> bool {
    u128::from(now) * 100 > u128::from(then) * (100 + u128::from(pct))
}

/// `12.3 %`, cut off, so that a share below the whole never reads 100.0.
fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{Snapshot, drift};
    use crate::contract::{ColumnDrift, Drift};
    use crate::quality::Profile;

    fn snapshot(rows: u64, nulls: u64, distinct: u64, sum: &str) -> Snapshot {
        let column = |n| [("kode".to_owned(), n)].into_iter().collect();
        Snapshot {
            profile: Profile { rows, nulls: column(nulls), distinct: column(distinct) },
            sums: [("amount".to_owned(), sum.parse().unwrap())].into_iter().collect(),
        }
    }

    fn limits() -> Drift {
        Drift { rows_pct: 50, null_points: 10, distinct_pct: 20, sums_pct: 30, ..Drift::default() }
    }

    fn found(before: &Snapshot, now: &Snapshot) -> Vec<String> {
        drift(before, now, &limits()).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_limit_that_is_reached_is_kept_and_one_that_is_passed_is_told() {
        let before = snapshot(1_000, 100, 50, "1000000.00");
        assert_eq!(found(&before, &before), [""; 0]);
        assert_eq!(found(&before, &snapshot(1_500, 300, 40, "1300000.00")), [""; 0], "all limits reached");
        assert_eq!(found(&before, &snapshot(800, 160, 40, "700000.00")), [""; 0]);
        assert_eq!(
            found(&before, &snapshot(1_501, 301, 39, "1300000.01")),
            [
                "1501 rows where there were 1000, a growth of more than 50 % (drift.rows_pct)",
                "kode is empty in 20.0 % of the rows where it was in 10.0 %, a rise of more than 10 points (drift.null_points)",
                "kode has 39 different values where it had 50, a loss of more than 20 % (drift.distinct_pct)",
                "amount adds up to 1300000.01 where it came to 1000000.00, a change of more than 30 % (drift.sums_pct)",
            ]
        );
        assert_eq!(found(&before, &snapshot(1_000, 0, 5_000, "-1000000.00")).len(), 1, "a sum that turned its sign");
    }

    #[test]
    fn sums_of_any_size_are_compared_exactly() {
        let of = |sum: &str| snapshot(1_000, 0, 1, sum);
        let huge = of("999999999999999999999999999999999999.99");
        assert_eq!(found(&huge, &huge), [""; 0]);
        assert_eq!(found(&huge, &of("1.00")).len(), 1);
        assert_eq!(found(&of("-100.00"), &of("-130.00")), [""; 0]);
        assert_eq!(found(&of("-100.00"), &of("-130.01")).len(), 1);
        assert_eq!(found(&of("0.00"), &of("5000000.00")), [""; 0], "a percentage of nothing");
    }

    #[test]
    fn a_handful_of_rows_is_not_judged_and_a_column_may_have_limits_of_its_own() {
        assert_eq!(found(&snapshot(99, 0, 50, "1.00"), &snapshot(5_000, 5_000, 1, "9.00")), [""; 0]);
        let mut limits = limits();
        let own = ColumnDrift { null_points: Some(100), distinct_pct: Some(100), sums_pct: Some(1_000_000) };
        limits.columns = [("kode".to_owned(), own), ("amount".to_owned(), own)].into_iter().collect();
        let (before, now) = (snapshot(1_000, 0, 50, "1.00"), snapshot(1_000, 1_000, 0, "9999.00"));
        assert_eq!(drift(&before, &now, &limits), []);
        assert!(drift(&before, &now, &Drift::default()).iter().any(|finding| finding.is_loss));
    }
}
