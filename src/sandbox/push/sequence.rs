//! Which pushes there are, and in which order: everything in the world once, kinds in turn, some NIBs again as changed;
//! then the same world again under new numbers, without end. Push number n is the same on every machine.

use super::PushKind;
use crate::sandbox::oss::{self, Registry};
use crate::sandbox::padi::{self, Shelf};
use crate::sandbox::world::{Dice, Recipe, World};
use bytes::Bytes;
use chrono::{Days, NaiveDate};
use serde_json::Value;
use std::collections::BTreeSet;

/// So many steps after a NIB comes its change, where there is one.
const CHANGE_AFTER: usize = 40;
/// Where the time of day stands in an id of OSS.
const TIME_AT: usize = "I-20260115".len();

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// What is sent.
    pub kind: PushKind,
    /// The NIB that OSS's token is made of; empty for PaDi.
    pub nib: String,
    /// What it is known by: NIB and id of the permit (and number of the document), or `bumn_id` and `transaksi_id`.
    pub key: Vec<String>,
    /// Whether it is a later state of a NIB sent before: `tipe_dokumen` is 5 and the day of the change newer.
    pub changed: bool,
    /// The JSON text.
    pub body: Bytes,
}

/// A body of the world with the texts in it that a new number goes into.
#[derive(Debug)]
struct Base {
    kind: PushKind,
    nib: String,
    key: Vec<String>,
    oss_id: String,
    /// Running number of the business.
    index: usize,
    body: String,
}

/// A step of the sequence.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Index of the body.
    base: usize,
    changed: bool,
}

/// All pushes, by number.
#[derive(Debug)]
pub struct Pushes {
    bases: Vec<Base>,
    steps: Vec<Step>,
}

impl Pushes {
    /// The pushes of the world that a sandbox of the same `seed` and `scale` serves on `today`, of `kinds` only. Of
    /// 1,000 NIBs so many come again changed.
    #[must_use]
    pub fn of_world(
        (seed, scale): (u64, crate::sandbox::ScaleFactor),
        today: NaiveDate,
        kinds: &[PushKind],
        changed_per_mille: u16,
    ) -> Self {
        let world = World::new(Recipe { seed, scale: scale.0, overrun: false });
        Self::new((seed, &world), today, kinds, changed_per_mille)
    }

    pub(crate) fn new(
        (seed, world): (u64, &World),
        today: NaiveDate,
        kinds: &[PushKind],
        changed_per_mille: u16,
    ) -> Self {
        let registry = Registry::of(world, today);
        let pools: Vec<Vec<Base>> = kinds
            .iter()
            .map(|kind| match kind {
                PushKind::Transaksi => purchases(world, today),
                kind => calls(&registry, *kind),
            })
            .collect();
        let mut bases = Vec::with_capacity(pools.iter().map(Vec::len).sum());
        let mut pools: Vec<_> = pools.into_iter().map(Vec::into_iter).collect();
        // One of each kind in turn, until all are used up.
        loop {
            let before = bases.len();
            bases.extend(pools.iter_mut().filter_map(Iterator::next));
            if bases.len() == before {
                break;
            }
        }
        let steps = steps(seed, &bases, changed_per_mille);
        Self { bases, steps }
    }

    /// The kinds that there are pushes of.
    pub(crate) fn kinds(&self) -> BTreeSet<PushKind> {
        self.bases.iter().map(|base| base.kind).collect()
    }

    /// How many it takes until everything in the world was pushed once.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.steps.len() as u64
    }

    /// Whether the world has nothing to push.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Push `number`, from 0; none where there is nothing at all to push. From [`Pushes::len`] on, businesses and
    /// transactions come again under new numbers.
    #[must_use]
    pub fn at(&self, number: u64) -> Option<Push> {
        let count = self.steps.len() as u64;
        let step = self.steps.get(usize::try_from(number.checked_rem(count)?).ok()?)?;
        Some(self.bases[step.base].push(number / count, step.changed))
    }
}

/// The order of one round.
fn steps(seed: u64, bases: &[Base], changed_per_mille: u16) -> Vec<Step> {
    let mut steps: Vec<Step> = (0..bases.len()).map(|base| Step { base, changed: false }).collect();
    let changes = |base: &usize| {
        bases[*base].kind == PushKind::Nib
            && Dice::new(seed, &format!("push changed {base}")).chance(changed_per_mille.into())
    };
    // From behind, so that the places before stay what they are.
    for base in (0..bases.len()).rev().filter(changes) {
        let at = (base + 1 + CHANGE_AFTER).min(steps.len());
        steps.insert(at, Step { base, changed: true });
    }
    steps
}

fn calls(registry: &Registry, kind: PushKind) -> Vec<Base> {
    let base = |message: oss::Message| Base {
        kind: message.kind,
        nib: message.nib,
        key: message.key,
        oss_id: message.oss_id,
        index: message.index,
        body: message.body.to_string(),
    };
    oss::messages(registry, kind).into_iter().map(base).collect()
}

fn purchases(world: &World, today: NaiveDate) -> Vec<Base> {
    let base = |(index, message): (usize, padi::Message)| Base {
        kind: PushKind::Transaksi,
        nib: String::new(),
        key: message.key.into(),
        oss_id: String::new(),
        index,
        body: message.body.to_string(),
    };
    padi::messages(&Shelf::of(world, today)).into_iter().enumerate().map(base).collect()
}

impl Base {
    fn push(&self, round: u64, changed: bool) -> Push {
        let mut body = if changed { self.changed() } else { self.body.clone() };
        let (mut nib, mut key) = (self.nib.clone(), self.key.clone());
        if round > 0 {
            for (old, new) in self.numbers(round) {
                body = body.replace(&format!("\"{old}\""), &format!("\"{new}\""));
                key.iter_mut().filter(|part| **part == old).for_each(|part| part.clone_from(&new));
                if nib == old {
                    nib = new;
                }
            }
        }
        Push { kind: self.kind, nib, key, changed, body: body.into() }
    }

    /// The numbers of this body and what they are in a later round. The world's own never begin like these.
    fn numbers(&self, round: u64) -> Vec<(String, String)> {
        if self.kind == PushKind::Transaksi {
            let id = &self.key[1];
            return vec![(id.clone(), format!("{id}-{round}"))];
        }
        let (licence, index) = (&self.key[1], self.index);
        let of_operators = u8::from(self.kind == PushKind::NibPse);
        let mut numbers = vec![
            (self.nib.clone(), format!("{}{round:06}{index:06}", 8 + of_operators)),
            (licence.clone(), restamped(licence, round)),
        ];
        if !self.oss_id.is_empty() {
            numbers.push((self.oss_id.clone(), restamped(&self.oss_id, round)));
        }
        numbers
    }

    /// The body as of a later day.
    fn changed(&self) -> String {
        let Ok(mut body) = serde_json::from_str::<Value>(&self.body) else { return self.body.clone() };
        let nib = &mut body["dataNIB"];
        let day = ["tgl_perubahan_nib", "tgl_terbit_nib"].into_iter().find_map(|key| {
            let text = nib[key].as_str()?;
            text.parse::<NaiveDate>().ok()
        });
        if let Some(day) = day {
            nib["tgl_perubahan_nib"] = (day + Days::new(1 + self.index as u64 % 30)).to_string().into();
        }
        nib["tipe_dokumen"] = "5".into();
        nib["jenis_perubahan_terakhir"] = "02".into();
        body.to_string()
    }
}

/// An id of OSS (`I-202601150915000000012`: letter, day, time, running number) with the round for its time of day; no
/// round is a time that the world uses.
fn restamped(id: &str, round: u64) -> String {
    match (id.get(..TIME_AT), id.get(TIME_AT + 4..)) {
        (Some(day), Some(number)) => format!("{day}{}{number}", 3_000 + round),
        _ => format!("{id}-{round}"),
    }
}
