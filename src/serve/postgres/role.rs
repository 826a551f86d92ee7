//! What the roles may see.
//!
//! | role | schemas | without |
//! |---|---|---|
//! | analyst | all, `history` and `ops` among them | nothing; sees plans and the SQL of views |
//! | bi | the sources' latest, `ref`, `mart` | datasets about persons and views that show their rows, unless `bi_sees_persons` |
//! | leader | `mart` | views whose head says `Audience:` and not leader |
//!
//! A view that shows single businesses, orders or payments, or counts that are not closed below five, names in its head who it
//! is for: `-- Audience: analyst, bi.` A view without that line is for all.

use std::collections::BTreeSet;

use crate::catalog::ViewSet;
use crate::catalog::port::Audience;
use crate::config::PostgresRole;
use crate::contract::Contract;

/// The line in a view's head that says whom it is for.
const LABEL: &str = "Audience:";

const MART: &str = "mart";
const REF: &str = "ref";

/// What `role` sees of the datasets of `contracts` and of `views`.
#[must_use]
pub fn audience(role: PostgresRole, contracts: &[Contract], views: &ViewSet, bi_sees_persons: bool) -> Audience {
    let sources = contracts.iter().map(|contract| contract.source.clone());
    let schemas = match role {
        PostgresRole::Analyst => None,
        PostgresRole::Bi => Some(sources.chain([MART.to_owned(), REF.to_owned()]).collect()),
        PostgresRole::Leader => Some(BTreeSet::from([MART.to_owned()])),
    };
    let mut hidden = BTreeSet::new();
    let everything = role == PostgresRole::Analyst || (role == PostgresRole::Bi && bi_sees_persons);
    if !everything {
        hidden.extend(about_persons(contracts));
        let closed = views.views().filter(|view| !is_for(&view.comment(), role));
        hidden.extend(closed.map(|view| format!("{MART}.{}", view.name)));
    }
    Audience { role: role.word().to_owned(), schemas, hidden, plans: role == PostgresRole::Analyst }
}

/// Datasets whose rows are about persons.
fn about_persons(contracts: &[Contract]) -> impl Iterator<Item = String> + '_ {
    contracts.iter().flat_map(|contract| {
        let personal = contract.datasets.iter().filter(|dataset| dataset.personal);
        personal.map(|dataset| format!("{}.{}", contract.source, dataset.name))
    })
}

/// Whether the head of a view lets `role` see it.
fn is_for(head: &str, role: PostgresRole) -> bool {
    let line = head.lines().find_map(|line| line.trim().strip_prefix(LABEL));
    line.is_none_or(|roles| {
        let mut named = roles.split([',', '.', ' ']).map(str::trim);
        named.any(|word| word == role.word())
    })
}

#[cfg(test)]
mod tests {
    use super::{audience, is_for};
    use crate::catalog::ViewSet;
    use crate::config::PostgresRole::{Analyst, Bi, Leader};

    #[test]
    fn a_head_names_whom_a_view_is_for() {
        assert!(is_for("Purpose: x.\nOwner: y.", Leader));
        assert!(is_for("Audience: analyst, bi.", Bi));
        assert!(!is_for("Audience: analyst, bi.", Leader));
        assert!(!is_for("Audience:", Analyst));
    }

    #[test]
    fn leaders_see_no_single_business_order_or_payment() {
        let views = ViewSet::embedded();
        let contracts = crate::config::ConfigFolder::embedded().contracts().unwrap();
        let leader = audience(Leader, &contracts, &views, true);
        for view in ["oss_usaha", "oss_nib", "padi_transaksi", "pnbp_transaksi", "izin_pnbp", "izin_wilayah"] {
            assert!(leader.hidden.contains(&format!("mart.{view}")), "{view}");
        }
        assert!(!leader.hidden.contains("mart.ringkasan_pimpinan"));
        assert_eq!(leader.schemas.unwrap().len(), 1);
        let bi = audience(Bi, &contracts, &views, false);
        assert!(bi.hidden.contains("sipp.p3ke") && bi.hidden.contains("mart.oss_usaha"), "{:?}", bi.hidden);
        assert!(!bi.hidden.contains("omspan.dipa_belanja") && !bi.hidden.contains("mart.oss_nib"));
        assert!(!bi.schemas.unwrap().contains("history"));
        assert!(audience(Bi, &contracts, &views, true).hidden.is_empty());
        assert!(audience(Analyst, &contracts, &views, false).hidden.is_empty());
    }
}
