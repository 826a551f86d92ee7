//! The register hangs together.

use super::super::{Recipe, World};
use super::{Actor, Business, Holder};
use std::collections::BTreeSet;

fn world(scale: f64) -> World {
    World::new(Recipe { seed: 11, scale, overrun: false })
}

#[test]
fn ids_are_of_their_form_and_unique() {
    let world = world(1.0);
    let businesses = world.businesses();
    let all = businesses.issued("2026-11-21".parse().unwrap());
    assert!((310..380).contains(&all.len()), "{}", all.len());
    let unique = |ids: Vec<&str>| {
        let set: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(set.len(), ids.len());
    };
    unique(all.iter().map(|business| business.nib.as_str()).collect());
    unique(all.iter().flat_map(|business| &business.projects).map(|project| project.id.as_str()).collect());
    unique(all.iter().flat_map(|business| &business.licences).map(|licence| licence.id.as_str()).collect());
    for business in all {
        assert!(business.nib.len() == 13 && business.nib.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(business.npwp.len() == 16 && business.npwp.bytes().all(|byte| byte.is_ascii_digit()), "of 16 digits");
        assert_eq!(business.place.code.len(), 10);
        assert!((1..=3).contains(&business.projects.len()) && business.licences.len() <= 3);
        assert!(business.licences.iter().all(|licence| licence.project < business.projects.len()));
        assert!(business.licences.iter().all(|licence| licence.id.len() <= 25));
    }
    assert!(all.iter().any(|business| business.nib.starts_with('0')));
    assert!(all.iter().flat_map(|business| &business.projects).any(|project| project.kbli.code.starts_with('0')));
}

#[test]
fn shares_add_up_and_persons_pay_tax_under_their_nik() {
    let world = world(1.0);
    let businesses = world.businesses();
    for business in businesses.issued("2026-11-21".parse().unwrap()) {
        let held: i64 = business.shares.iter().map(|share| share.capital).sum();
        match business.actor {
            Actor::Company => assert_eq!(held, business.capital),
            Actor::Individual => {
                let owner = businesses.person(business.applicant);
                assert_eq!(business.npwp, owner.nik());
                assert_eq!(business.place.code, owner.village().code);
            }
            Actor::Foreign => assert!(business.shares.is_empty() && business.staff_plan.is_some()),
        }
    }
}

#[test]
fn a_later_day_adds_businesses_and_changes_none() {
    let world = world(1.0);
    let businesses = world.businesses();
    let known = |day: &str| businesses.issued(day.parse().unwrap());
    let nibs = |all: &[Business]| all.iter().map(|business| business.nib.clone()).collect::<Vec<_>>();
    let (before, after) = (nibs(known("2025-06-01")), nibs(known("2026-06-01")));
    assert!(after.len() > before.len());
    assert_eq!(after[..before.len()], before);
}

#[test]
fn every_part_of_an_answer_occurs() {
    let world = world(1.0);
    let businesses = world.businesses();
    let all = businesses.issued("2026-11-21".parse().unwrap());
    let any = |is: &dyn Fn(&Business) -> bool| assert!(all.iter().any(is));
    any(&|business| business.foreign_percent > 0);
    any(&|business| business.shares.iter().any(|share| matches!(share.holder, Holder::Company { .. })));
    any(&|business| !business.restricted.is_empty());
    any(&|business| business.has_facility());
    any(&|business| business.is_one_line());
    any(&|business| business.licences.is_empty());
    any(&|business| business.licences.iter().any(|licence| licence.certificate.is_some()));
    any(&|business| {
        business.staff_plan.iter().any(|plan| plan.posts.iter().any(|post| !post.understudies.is_empty()))
    });
    any(&|business| business.projects.iter().any(|project| project.products.len() == 2));
    any(&|business| business.vendor.is_some() && business.scale == "01");
    assert_eq!(businesses.operators("2026-11-21".parse().unwrap()).count(), 15);
}
