//! The gate before the engine: so many statements run at a time, the others wait their turn for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::reply::Told;

/// The gate.
#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Gate {
    /// With `places`, each waited for at most so long.
    pub(super) fn new(places: usize, patience: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), patience }
    }

    /// A place, in the order of asking.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, Told> {
        match tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Told::error("57P03", "the server takes no more statements")),
            Err(_) => Err(Told::error(
                "53000",
                format!("the server is busy: no place came free within {} s", self.patience.as_secs()),
            )
            .with_hint("try again later")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use std::time::Duration;

    #[tokio::test]
    async fn who_waits_too_long_is_told() {
        let gate = Gate::new(1, Duration::from_millis(20));
        let place = gate.enter().await.unwrap();
        assert_eq!(gate.enter().await.unwrap_err().state, "53000");
        drop(place);
        assert!(gate.enter().await.is_ok());
    }
}
