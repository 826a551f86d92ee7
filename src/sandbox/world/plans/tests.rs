//! Plans hold together.

use super::{Item, plans};
use std::collections::BTreeSet;

#[test]
fn a_year_has_the_size_it_promises() {
    for year in [2025, 2026] {
        let plans = plans(7, year, 1.0);
        let items = plans.iter().flat_map(super::Plan::items).count();
        assert!((2_600..3_400).contains(&items), "{items} items in {year}");
        let aims: usize = plans.iter().map(|plan| plan.aims.len()).sum();
        assert!((100..400).contains(&aims), "{aims} aims");
    }
}

#[test]
fn pagu_covers_the_items_and_numbers_are_unique() {
    let plans = plans(7, 2026, 1.0);
    let (mut ids, mut rka, mut rincian) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut unfilled = 0;
    for plan in &plans {
        for kegiatan in plan.programs.iter().flat_map(|program| &program.kegiatan) {
            assert!(rka.insert(kegiatan.id));
            assert!(kegiatan.pagu >= kegiatan.items.iter().map(Item::amount).sum());
            assert!(kegiatan.items.windows(2).all(|pair| order(&pair[0]) <= order(&pair[1])), "items by account");
            assert!(!kegiatan.indicators.is_empty());
            for item in &kegiatan.items {
                assert!(ids.insert(item.id));
                rincian.insert((item.rincian, order(item)));
                unfilled += usize::from(item.volumes.contains(&None));
                assert!(item.amount() > 0);
            }
        }
    }
    let numbers: BTreeSet<u32> = rincian.iter().map(|(id, _)| *id).collect();
    assert_eq!(numbers.len(), rincian.len(), "a rincian is of one account");
    assert!(unfilled > 0, "some volumes are not filled in");
    assert!(plans.iter().any(|plan| plan.programs.is_empty()), "some agencies plan nothing of their own");
}

fn order(item: &Item) -> (u8, u8, u8) {
    (item.account.belanja.0, item.account.bagian.0, item.account.sub_bagian.0)
}

#[test]
fn an_empty_volume_counts_as_one() {
    let plans = plans(7, 2026, 1.0);
    let item = plans.iter().flat_map(super::Plan::items).find(|item| item.volumes[2].is_none()).unwrap();
    let [first, second, _] = item.volumes.map(|volume| i64::from(volume.unwrap_or_default()));
    assert_eq!(item.amount(), first * second * item.price);
}
