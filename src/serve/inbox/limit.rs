//! How often one client may ask.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Most clients that are told apart. Beyond it those that were quiet are forgotten, and where that frees nothing, new ones
/// share one allowance: an attacker with many addresses gets no more memory than this.
const CLIENTS_MAX: usize = 65_536;

/// Requests a second for each client address.
pub(crate) struct ClientLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    clients_max: usize,
}

impl ClientLimit {
    /// `per_second` requests a second in the long run, `burst` at once.
    pub(crate) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::dashmap(quota), clock: DefaultClock::default(), clients_max: CLIENTS_MAX }
    }

    /// Whether a request of `client` may be answered.
    ///
    /// # Errors
    /// How long the client has to wait.
    pub(crate) fn check(&self, client: IpAddr) -> Result<(), Duration> {
        let mut client = block_of(client);
        if self.limiter.len() >= self.clients_max {
            self.limiter.retain_recent();
            if self.limiter.len() >= self.clients_max {
                client = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        self.limiter.check_key(&client).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// What counts as one client: an IPv4 address, or the /64 that one IPv6 subscriber has.
fn block_of(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(client) => IpAddr::V4(client),
        IpAddr::V6(client) => IpAddr::V6(Ipv6Addr::from_bits(client.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::ClientLimit;
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    fn limit(burst: u32) -> ClientLimit {
        ClientLimit::new(NonZeroU32::new(1).unwrap(), NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn each_client_has_its_own_allowance() {
        let limit = limit(2);
        let [a, b]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        assert!(limit.check(a).is_ok() && limit.check(a).is_ok());
        let wait = limit.check(a).unwrap_err();
        assert!(!wait.is_zero() && wait.as_secs() <= 1, "{wait:?}");
        assert!(limit.check(b).is_ok());
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert!(limit.check(mapped).is_err(), "the same client by its other name");
    }

    #[test]
    fn a_subscriber_with_many_addresses_is_one_client() {
        let limit = limit(1);
        let client = |n: u16| format!("2001:db8:0:1::{n:x}").parse::<IpAddr>().unwrap();
        assert!(limit.check(client(1)).is_ok());
        assert!(limit.check(client(2)).is_err());
        assert!(limit.check("2001:db8:0:2::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn memory_is_bounded_however_many_come() {
        let mut limit = limit(1);
        limit.clients_max = 10;
        for n in 0..1_000_u32 {
            let _ = limit.check(IpAddr::V4(std::net::Ipv4Addr::from_bits(n << 8)));
        }
        assert!(limit.limiter.len() <= 11, "{}", limit.limiter.len());
    }
}
