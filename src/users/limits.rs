//! How often one may try to sign in.
//!
//! Per login and address, so that somebody else's guesses do not lock the owner out; and per address, against one guess each for many logins.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use crate::{app::Tuning, ids::UserId};

/// Wrong passwords of one user that are logged at once; then one a minute.
const FAILURES_LOGGED: u32 = 20;
const FAILURE_LOGGED_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct SignInLimits {
    by_login: DefaultKeyedRateLimiter<(String, IpAddr)>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    /// What a flood of wrong passwords may write to the audit log.
    logged: DefaultKeyedRateLimiter<UserId>,
}

impl SignInLimits {
    #[must_use]
    pub fn new(tuning: &Tuning) -> Self {
        let quota = |burst: u32, refill: Duration| {
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            Quota::with_period(refill).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
        };
        // The address refills faster: an office may sit behind one.
        Self {
            by_login: RateLimiter::keyed(quota(tuning.sign_in_burst, tuning.sign_in_refill)),
            by_address: RateLimiter::keyed(quota(tuning.sign_in_burst_of_address, tuning.sign_in_refill / 6)),
            logged: RateLimiter::keyed(quota(FAILURES_LOGGED, FAILURE_LOGGED_EVERY)),
        }
    }

    /// Counts one try; `Err` says how long to wait for the next.
    pub fn check(&self, login_key: &str, address: IpAddr) -> Result<(), Duration> {
        let address = network(address);
        self.check_address(address)?;
        self.by_login.check_key(&(login_key.to_owned(), address)).map_err(wait)
    }

    /// Counts a try that names no login, such as following an invitation.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Duration> {
        self.by_address.check_key(&network(address)).map_err(wait)
    }

    /// Whether one more wrong password for a user is written to the audit log.
    pub fn is_worth_logging(&self, user: UserId) -> bool {
        self.logged.check_key(&user).is_ok()
    }

    /// Forgets those who have not tried for a while.
    pub fn forget_old(&self) {
        self.by_login.retain_recent();
        self.by_address.retain_recent();
        self.logged.retain_recent();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn wait(until: governor::NotUntil<<DefaultClock as Clock>::Instant>) -> Duration {
    until.wait_time_from(DefaultClock::default().now())
}

/// One customer has at least a /64 of IPv6 to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn limits() -> SignInLimits {
        let refill = Duration::from_secs(3_600);
        SignInLimits::new(&Tuning { sign_in_burst: 2, sign_in_burst_of_address: 4, sign_in_refill: refill, ..Tuning::default() })
    }

    #[test]
    fn guesses_from_elsewhere_do_not_lock_the_owner_out() {
        let limits = limits();
        while limits.check("anna", ELSEWHERE).is_ok() {}
        assert!(limits.check("anna", HOME).is_ok());
    }

    #[test]
    fn an_address_may_not_try_every_login_once() {
        let limits = limits();
        let tried = (0..100).filter(|n| limits.check(&format!("user{n}"), HOME).is_ok()).count();
        assert_eq!(tried, 4);
        let wait = limits.check("anna", HOME).expect_err("the address is used up");
        assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(600), "{wait:?}");
    }

    #[test]
    fn a_flood_of_failures_does_not_fill_the_log() {
        let (limits, user) = (limits(), UserId::new());
        assert_eq!((0..1_000).filter(|_| limits.is_worth_logging(user)).count(), 20);
        assert!(limits.is_worth_logging(UserId::new()));
    }

    #[test]
    fn a_whole_ipv6_network_is_one_address() {
        let limits = limits();
        let try_from = |n: u16| limits.check("anna", Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, n).into());
        assert!(try_from(1).is_ok() && try_from(2).is_ok() && try_from(3).is_err());
    }
}
