//! Putting one business together.

use super::super::dice::Dice;
use super::super::people::Person;
use super::super::region::{KABUPATEN, PROVINCE};
use super::catalogue::{
    CV, FIRST_WORDS, FRANCHISES, FRANCHISOR, Form, INVESTORS, KOPERASI, PERSON, PLACES, POSTS, PT, Place,
    SECOND_WORDS, SOLE_PT, STREETS,
};
use super::licences::licences;
use super::projects::projects;
use super::{Actor, Business, Deed, Holder, Post, Share, StaffPlan};
use chrono::{Datelike, Days, NaiveDate};

/// From this year on businesses come by the year; those before it are all there from the start.
pub(super) const FIRST_NEW_YEAR: i32 = 2025;

/// What kind of business an index is.
struct Kind {
    actor: Actor,
    form: &'static Form,
    scale: &'static str,
}

/// Every twentieth is a franchisor, four in ten are persons, the rest companies.
fn kind(dice: &mut Dice, index: usize) -> Kind {
    if index % 20 == 19 {
        return Kind { actor: Actor::Foreign, form: &FRANCHISOR, scale: "04" };
    }
    let (actor, form, scales): (_, &'static Form, _) = match dice.weighted(&[400, 330, 170, 50, 50]) {
        0 => (Actor::Individual, &PERSON, [750, 230, 20, 0]),
        1 => (Actor::Company, &PT, [100, 350, 300, 250]),
        2 => (Actor::Company, &CV, [250, 600, 150, 0]),
        3 => (Actor::Company, &KOPERASI, [200, 600, 200, 0]),
        _ => (Actor::Company, &SOLE_PT, [600, 400, 0, 0]),
    };
    Kind { actor, form, scale: ["01", "02", "03", "04"][dice.weighted(&scales)] }
}

/// Business number `index`, issued in `year`, or before [`FIRST_NEW_YEAR`].
pub(super) fn business(seed: u64, index: usize, year: Option<i32>, people: &[Person]) -> Business {
    let dice = &mut Dice::new(seed, &format!("business {index}"));
    let Kind { actor, form, scale } = kind(dice, index);
    let issued = match year {
        Some(year) => day_of(year, 1, 1) + Days::new(dice.below(365)),
        None => day_of(2018, 8, 1) + Days::new(dice.below(2_340)),
    };
    let filed = issued - Days::new(dice.below(4));
    let owner = anyone(dice, people);
    let (place, address) = home(dice, actor, &people[owner]);
    let projects = projects(dice, index, filed, scale, (&place, &address));
    let licences = licences(dice, index, filed, &projects);
    let foreign_percent = if form == &PT && scale == "04" { *dice.pick(&[0, 0, 49, 95]) } else { 0 };
    let capital = projects.iter().map(super::Project::investment).sum();
    let (name, short_name) = name(dice, index, form, &people[owner]);
    let shares = shares(dice, people, (actor, owner, capital), foreign_percent);
    let changed = dice.chance(350).then(|| issued + Days::new(30 + dice.below(120)));
    let revoked = dice.chance(20);
    Business {
        nib: nib(dice, index, issued),
        oss_id: format!("U-{}{index:09}", filed.format("%Y%m%d0915")),
        filed,
        issued,
        changed,
        actor,
        form,
        name,
        short_name,
        npwp: npwp(dice, index, actor, &people[owner]),
        scale,
        address,
        place,
        capital,
        foreign_percent,
        shares,
        managers: managers(dice, people, actor, owner),
        applicant: owner,
        deeds: deeds(dice, people, actor, filed),
        staff_plan: (foreign_percent > 0 || actor == Actor::Foreign || index % 60 == 7)
            .then(|| staff_plan(dice, index, people, filed)),
        restricted: (0..dice.weighted(&[850, 120, 30])).map(|nth| 310 + (index + nth) as u32 % 40).collect(),
        projects,
        licences,
        status: if revoked { "06" } else { ["01", "03", "04"][dice.weighted(&[600, 200, 200])] },
        document: if revoked {
            "3"
        } else if changed.is_some() {
            "5"
        } else {
            "9"
        },
        vendor: vendor(index, actor, year),
        index,
    }
}

/// A day that exists.
fn day_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("first days of months exist")
}

fn anyone(dice: &mut Dice, people: &[Person]) -> usize {
    dice.below(people.len() as u64) as usize
}

/// NIB: before the risk-based system a fixed head, then the day of issue; the running number makes it unique.
fn nib(dice: &mut Dice, index: usize, issued: NaiveDate) -> String {
    if issued < day_of(2021, 8, 1) {
        let head = *dice.pick(&["8120", "9120", "0220", "1234"]);
        return format!("{head}{:04}{index:05}", dice.below(10_000));
    }
    let (day, month, year) = (issued.day(), issued.month(), issued.year() % 100);
    format!("{day:02}{month:02}{year:02}{:02}{index:05}", dice.below(100))
}

/// 16 digits: the NIK of a person, otherwise 0 and the 15 digits of old.
fn npwp(dice: &mut Dice, index: usize, actor: Actor, owner: &Person) -> String {
    if actor == Actor::Individual {
        return owner.npwp16();
    }
    let head = *dice.pick(&["01", "02", "03", "21", "31", "73", "84"]);
    let (serial, office) = (100_000 + index as u64 * 7, dice.between(11, 999));
    format!("0{head}{serial:06}{}{office:03}000", dice.below(10))
}

/// Name and short name: every third person trades under their own, others under one put together by chance.
fn name(dice: &mut Dice, index: usize, form: &Form, owner: &Person) -> (String, String) {
    if form == &PERSON && index.is_multiple_of(3) {
        return (owner.name(), String::new());
    }
    if form == &FRANCHISOR {
        let (name, _) = FRANCHISES[index / 20 % FRANCHISES.len()];
        let short = name.split(' ').next().unwrap_or_default().to_owned();
        return (name.to_owned(), short);
    }
    let (first, second) = (*dice.pick(&FIRST_WORDS), *dice.pick(&SECOND_WORDS));
    let initials = [first, second].iter().filter_map(|word| word.chars().next()).collect();
    (format!("{} {first} {second}", form.prefix), initials)
}

/// Where a business sits: a person at home, others in town.
fn home(dice: &mut Dice, actor: Actor, owner: &Person) -> (Place, String) {
    if actor == Actor::Individual {
        return (place_of(owner), address_of(owner));
    }
    let place = place(dice);
    let address = address(dice, &place);
    (place, address)
}

/// Some place in town.
pub(super) fn place(dice: &mut Dice) -> Place {
    let (code, village, city, province) = *dice.pick(&PLACES);
    let [code, village, city, province] = [code, village, city, province].map(str::to_owned);
    Place { code, village, city, province }
}

/// An address in `place`.
pub(super) fn address(dice: &mut Dice, place: &Place) -> String {
    format!("{} No. {}, {}, {}", dice.pick(&STREETS), dice.between(1, 399), place.village, place.city)
}

fn shares(dice: &mut Dice, people: &[Person], of: (Actor, usize, i64), foreign_percent: i64) -> Vec<Share> {
    let (actor, owner, capital) = of;
    if actor != Actor::Company {
        return Vec::new();
    }
    let foreign = capital / 100 * foreign_percent;
    let mut shares = Vec::new();
    if foreign > 0 {
        let (name, country) = *dice.pick(&INVESTORS);
        let holder = Holder::Company { name, country };
        shares.push(Share { holder, capital: foreign });
    }
    let rest = capital - foreign;
    if dice.chance(600) {
        let half = rest / 2;
        shares.push(Share { holder: Holder::Person(owner), capital: rest - half });
        shares.push(Share { holder: Holder::Person(anyone(dice, people)), capital: half });
    } else {
        shares.push(Share { holder: Holder::Person(owner), capital: rest });
    }
    shares
}

fn managers(dice: &mut Dice, people: &[Person], actor: Actor, owner: usize) -> Vec<usize> {
    let mut all = vec![owner];
    if actor == Actor::Company {
        all.extend((0..dice.weighted(&[500, 350, 150])).map(|_| anyone(dice, people)));
    }
    all
}

fn deeds(dice: &mut Dice, people: &[Person], actor: Actor, filed: NaiveDate) -> Vec<Deed> {
    if actor != Actor::Company {
        return Vec::new();
    }
    let count = 1 + dice.weighted(&[550, 300, 150]);
    (0..count as u64)
        .map(|nth| Deed {
            kind: if nth == 0 { "01" } else { "02" },
            number: format!("AHU-{:07}.AH.01.{:02}", dice.below(9_999_999), nth + 1),
            date: filed - Days::new(900 / (nth + 1)),
            notary: anyone(dice, people),
        })
        .collect()
}

fn staff_plan(dice: &mut Dice, index: usize, people: &[Person], filed: NaiveDate) -> StaffPlan {
    let post = |dice: &mut Dice| {
        let (id, title) = *dice.pick(&POSTS);
        let understudies = (0..dice.below(3)).map(|_| anyone(dice, people)).collect();
        Post { id, title, count: 1 + dice.below(3) as u32, understudies }
    };
    let posts: Vec<Post> = (0..1 + dice.below(2)).map(|_| post(dice)).collect();
    let count = posts.iter().map(|post| post.count).sum();
    StaffPlan {
        number: format!("PT{index:06}"),
        from: filed,
        to: filed + Days::new(720),
        pay: dice.between(20, 90) * 1_000_000,
        countries: vec![(dice.pick(&INVESTORS).1, count)],
        places: vec![(place(dice), count)],
        posts,
    }
}

/// Vendors sell from the start and are not abroad: four in ten of the old ones.
fn vendor(index: usize, actor: Actor, year: Option<i32>) -> Option<String> {
    let sells = year.is_none() && actor != Actor::Foreign && index % 5 < 2;
    sells.then(|| format!("ATRBPN-{}", 23_010_000 + index * 13))
}

/// The village of a person.
fn place_of(person: &Person) -> Place {
    Place {
        code: person.village().code.to_owned(),
        village: person.village().name.to_owned(),
        city: format!("KABUPATEN {KABUPATEN}"),
        province: PROVINCE.to_owned(),
    }
}

/// Where a person lives, village and kecamatan included.
fn address_of(person: &Person) -> String {
    let village = person.village();
    format!("{}, {}, KEC. {}", person.address(), village.name, village.kecamatan)
}
