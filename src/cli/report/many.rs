//! The editions of many audiences, on every core: a card for each of a thousand satker is a thousand pages, charts and workbooks.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};

use super::ground::Ground;
use super::{Composed, Unmade, compose_for};
use crate::report::{Audience, Inputs};

/// Fewer editions than this are made one after the other.
const SHARED_MIN: usize = 8;

/// One result an audience, in their order.
pub(super) async fn compose_all(
    ground: &Arc<Ground>,
    inputs: &Inputs<'_>,
    audiences: Vec<Audience>,
) -> Vec<Result<Composed, Unmade>> {
    let mut made = Vec::with_capacity(audiences.len());
    let mut waiting = audiences.into_iter();
    // The first asks every question; the others find the answers.
    if let Some(first) = waiting.next() {
        made.push(compose_for(ground, inputs, first).await);
    }
    let waiting: Vec<Audience> = waiting.collect();
    let n_cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let runtime = Handle::current();
    // Another kind of runtime has no thread to give away.
    if waiting.len() < SHARED_MIN || n_cores == 1 || runtime.runtime_flavor() != RuntimeFlavor::MultiThread {
        for audience in waiting {
            made.push(compose_for(ground, inputs, audience).await);
        }
        return made;
    }
    let shares = shares(waiting, n_cores);
    made.extend(tokio::task::block_in_place(|| on_every_core(&runtime, ground, inputs, shares)));
    made
}

/// `all` in `n` runs of nearly the same length.
fn shares(mut all: Vec<Audience>, n: usize) -> Vec<Vec<Audience>> {
    let mut shares = Vec::with_capacity(n);
    for left in (1..=n).rev() {
        let rest = all.split_off(all.len().div_ceil(left));
        shares.push(std::mem::replace(&mut all, rest));
    }
    shares
}

fn on_every_core(
    runtime: &Handle,
    ground: &Arc<Ground>,
    inputs: &Inputs<'_>,
    shares: Vec<Vec<Audience>>,
) -> Vec<Result<Composed, Unmade>> {
    let share = |audiences: Vec<Audience>| {
        runtime.block_on(async {
            let mut made = Vec::with_capacity(audiences.len());
            for audience in audiences {
                made.push(compose_for(ground, inputs, audience).await);
            }
            made
        })
    };
    std::thread::scope(|scope| {
        let share = &share;
        let workers: Vec<_> = shares.into_iter().map(|audiences| scope.spawn(move || share(audiences))).collect();
        let joined = workers.into_iter().flat_map(|worker| match worker.join() {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::shares;
    use crate::report::Audience;

    #[test]
    fn shares_keep_the_order_and_differ_by_one() {
        let named = |n: usize| Audience {
            roles: BTreeSet::new(),
            parameters: BTreeMap::from([("satker".to_owned(), n.to_string())]),
            recipients: Vec::new(),
        };
        for (n, n_cores) in [(0, 2), (1, 2), (9, 2), (10, 3), (11, 4)] {
            let shares = shares((0..n).map(named).collect(), n_cores);
            assert_eq!(shares.len(), n_cores);
            let lengths: Vec<usize> = shares.iter().map(Vec::len).collect();
            assert!(lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 1, "{lengths:?}");
            let order: Vec<String> = shares.iter().flatten().map(|one| one.parameters["satker"].clone()).collect();
            assert_eq!(order, (0..n).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }
}
