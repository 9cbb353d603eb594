//! Where a single broadcast ends: each limit, and how many viewers reach it.

use crate::broadcast::{Broadcast, REQUESTS_OF_AN_ENVIRONMENT};
use crate::whole;

/// The most viewers that were asked about.
const MOST: f64 = 1_000_000.0;

struct Limit {
    name: &'static str,
    /// A second.
    bears: f64,
    asks: fn(Broadcast) -> f64,
    more: &'static str,
}

const LIMITS: [Limit; 7] = [
    Limit {
        name: "the route `GET /api/chat`, requests (`RequestsPerSecond`)",
        bears: 2_000.0,
        asks: Broadcast::polls,
        more: "the parameter; or `ops/throttle` for one route at once",
    },
    Limit {
        name: "the account's gateways in the region, requests",
        bears: 10_000.0,
        asks: Broadcast::polls,
        more: "a quota, days before",
    },
    Limit {
        name: "Lambda in a new account, 10 environments, requests",
        bears: 10.0 * REQUESTS_OF_AN_ENVIRONMENT,
        asks: Broadcast::polls,
        more: "a quota, days before",
    },
    Limit {
        name: "Lambda, 1,000 environments, requests",
        bears: 1_000.0 * REQUESTS_OF_AN_ENVIRONMENT,
        asks: Broadcast::polls,
        more: "a quota, days before",
    },
    Limit {
        name: "the chat's key, read units",
        bears: 3_000.0,
        asks: Broadcast::chat_units,
        more: "nothing: a key is a key; fewer messages",
    },
    Limit {
        name: "a fresh table on demand, read units",
        bears: 12_000.0,
        asks: Broadcast::read_units,
        more: "warm throughput, a day before",
    },
    Limit {
        name: "the account's quota of a table, read units",
        bears: 40_000.0,
        asks: Broadcast::read_units,
        more: "a quota, days before",
    },
];

pub fn table() -> String {
    let head =
        ["limit", "bears a second", "viewers, silent", "viewers, 20 messages/s", "the same, every 10 s", "more by"];
    let rows = LIMITS.iter().map(|limit| {
        let viewers = [(0.0, 2.0), (20.0, 2.0), (20.0, 10.0)].map(|(messages, pause)| limit.viewers(messages, pause));
        let viewers = viewers.map(|viewers| viewers.map_or_else(|| "over 1,000,000".to_owned(), whole));
        let first = vec![limit.name.to_owned(), whole(limit.bears)];
        [first, viewers.to_vec(), vec![limit.more.to_owned()]].concat()
    });
    crate::table(&head, rows)
}

impl Limit {
    /// How many viewers it bears, in hundreds.
    fn viewers(&self, messages: f64, pause: f64) -> Option<f64> {
        let bears = |viewers: f64| (self.asks)(Broadcast { viewers, messages, pause }) <= self.bears;
        let mut viewers = 0.0;
        while viewers < MOST {
            if !bears(viewers + 100.0) {
                return Some(viewers);
            }
            viewers += 100.0;
        }
        None
    }
}
