//! What goes wrong, how often, and how often it did.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use shared::platform::random::Random;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// The table turns a request away.
    Throttled,
    /// For some seconds the table answers nobody, though it may do what it is told.
    Outage,
    /// Another transaction holds an item; by chance, besides those that really do.
    Conflict,
    /// A write is carried out and its answer never comes.
    LostReply,
    /// A request or an answer is on its way for up to two seconds, longer than anybody waits for it.
    Slow,
    /// A transaction becomes visible item by item instead of at once.
    Torn,
    /// A query or a batch reads its items at different times.
    SplitRead,
    /// A query answers in more pages than it needs.
    ShortPage,
    /// The environment dies at an await point.
    Crash,
    /// The client asks twice at once.
    Duplicate,
    /// ImageFlux fails and has done nothing.
    UpstreamRefused,
    /// ImageFlux does it, and its answer is lost.
    UpstreamLost,
    /// ImageFlux does it, and does not answer in time.
    UpstreamHung,
    /// ImageFlux answers something else.
    UpstreamNonsense,
    /// ImageFlux tells of an event never.
    EventLost,
    /// Or two or three times.
    EventRepeated,
    /// Or up to 20 seconds late, so that others overtake it.
    EventLate,
    /// Or without a time that can be read.
    EventTimeless,
}

/// Whether a request without an answer was carried out.
pub type IsDone = bool;

struct Outage {
    until: Instant,
    percent_done: u64,
}

/// The one who does it, from a seed.
pub struct Nemesis {
    random: Random,
    /// Scales all probabilities, in percent.
    severity: u64,
    /// One network in eight is slow: this many times as many requests and answers take their time.
    slowness: u64,
    awake: AtomicBool,
    outage: Mutex<Option<Outage>>,
    counts: Mutex<BTreeMap<Harm, u64>>,
    began: Instant,
    outages: Mutex<Vec<Range<i64>>>,
}

impl Nemesis {
    pub fn new(seed: u64) -> Self {
        let random = Random::from_seed(seed ^ 0x4E45_4D45_5349_5321);
        let severity = [30, 100, 100, 250][usize::try_from(random.below(4)).unwrap_or(0)];
        Self {
            random,
            severity,
            slowness: if seed % 8 == 6 { 20 } else { 1 },
            awake: AtomicBool::new(false),
            outage: Mutex::default(),
            counts: Mutex::default(),
            began: Instant::now(),
            outages: Mutex::default(),
        }
    }

    pub fn wake(&self) {
        self.awake.store(true, Ordering::Relaxed);
    }

    /// From now on nothing goes wrong.
    pub fn rest(&self) {
        self.awake.store(false, Ordering::Relaxed);
    }

    /// Whether it happens this time.
    pub fn strikes(&self, harm: Harm) -> bool {
        if !self.awake.load(Ordering::Relaxed) {
            return false;
        }
        let slowness = if harm == Harm::Slow { self.slowness } else { 1 };
        let hit = self.random.below(1_000_000) < per_million(harm) * slowness * self.severity / 100;
        if hit {
            *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(harm).or_default() += 1;
        }
        hit
    }

    /// Whether the table is out of order at this time; whether it works at all then, is drawn for each request.
    pub fn outage(&self) -> Option<IsDone> {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if self.strikes(Harm::Outage) {
            let percent_done = [0, 50, 100][usize::try_from(self.one_of(3)).unwrap_or(0)];
            let (now, until) = (Instant::now(), Instant::now() + self.up_to(9_000));
            let millis = |instant: Instant| i64::try_from((instant - self.began).as_millis()).unwrap_or(i64::MAX);
            self.outages.lock().unwrap_or_else(PoisonError::into_inner).push(millis(now)..millis(until));
            *outage = Some(Outage { until, percent_done });
        }
        let now =
            outage.as_ref().filter(|outage| outage.until > Instant::now() && self.awake.load(Ordering::Relaxed))?;
        Some(self.one_of(100) < now.percent_done)
    }

    /// When the table was out of order, in milliseconds since the beginning.
    pub fn outages(&self) -> Vec<Range<i64>> {
        self.outages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long something is on its way.
    pub fn delay(&self) -> Duration {
        if self.strikes(Harm::Slow) {
            return self.up_to(2_000);
        }
        self.up_to(if self.awake.load(Ordering::Relaxed) { 50 } else { 5 })
    }

    pub fn up_to(&self, millis: u64) -> Duration {
        Duration::from_millis(1 + self.random.below(millis))
    }

    pub fn one_of(&self, choices: u64) -> u64 {
        self.random.below(choices)
    }

    /// At which await point an operation dies, if it does.
    pub fn death(&self) -> Option<u64> {
        self.strikes(Harm::Crash).then(|| 1 + self.random.below(40))
    }

    pub fn counts(&self) -> BTreeMap<Harm, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn per_million(harm: Harm) -> u64 {
    match harm {
        Harm::Outage => 120,
        Harm::Slow | Harm::UpstreamHung => 10_000,
        Harm::Throttled | Harm::LostReply | Harm::UpstreamLost | Harm::EventTimeless => 20_000,
        Harm::UpstreamNonsense => 30_000,
        Harm::Conflict | Harm::Crash | Harm::UpstreamRefused | Harm::ShortPage => 50_000,
        Harm::SplitRead | Harm::Duplicate | Harm::EventLost => 100_000,
        Harm::EventRepeated | Harm::EventLate => 200_000,
        Harm::Torn => 300_000,
    }
}
