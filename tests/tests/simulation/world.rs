//! One simulated world: a table, an ImageFlux, environments with skewed clocks, and what they did.

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use local::demo;
use secrecy::SecretString;
use shared::app::{App, DEAD_TOKENS};
use shared::crypto::passwords::Cost;
use shared::crypto::tokens::Bearer;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::progress::Progress;
use shared::domain::trail::Origin;
use shared::imageflux::ImageFlux;
use shared::imageflux::transport::Transport;
use shared::operations::Error;
use shared::platform::clock::Clock;
use shared::platform::config::Config;
use shared::platform::memory::Memory;
use shared::platform::random::Random;
use shared::table::{Backend, Table};
use tokio::time::{Instant, timeout};

use crate::faults::Nemesis;
use crate::history::{Call, History, Outcome, Reply};
use crate::imageflux::Upstream;
use crate::on_air::Hooks;
use crate::table::SimulatedTable;

/// When a function ends its work, whatever it was about to do: half a second before its time is up.
const GATEWAY: Duration = Duration::from_millis(28_500);

/// How long after its schedule's end a channel is kept, in seconds.
pub const CHANNEL_GRACE: i64 = 20;

/// From how long before the start until how long after the end somebody may publish, in seconds.
pub const PUBLISH_LEAD: i64 = 30 * 60;
pub const PUBLISH_OVERRUN: i64 = 15;

type TableSeam = Box<dyn Fn(SimulatedTable, &Random) -> Arc<dyn Backend> + Send + Sync>;

/// What stands between the product and its dependencies; mistakes are planted here.
pub struct Seams {
    pub table: TableSeam,
    pub imageflux: fn(Upstream) -> Arc<dyn Transport>,
    /// Whether channels are created before their slots are reserved, as no operation of the product does it.
    pub channel_first: bool,
    /// How much further the clocks of those who read chats are ahead, in milliseconds.
    pub readers_ahead: i64,
    /// What becomes of what ImageFlux calls us with.
    pub hooks: Hooks,
    /// What becomes of how far a reader has come, at that time of the environment's clock.
    pub alter_progress: fn(&mut Progress, i64),
}

impl Default for Seams {
    fn default() -> Self {
        Self {
            table: Box::new(|table, _| Arc::new(table)),
            imageflux: |upstream| Arc::new(upstream),
            channel_first: false,
            readers_ahead: 0,
            hooks: Hooks::default(),
            alter_progress: |_, _| {},
        }
    }
}

pub struct World {
    pub seed: u64,
    pub nemesis: Arc<Nemesis>,
    pub table: SimulatedTable,
    pub upstream: Upstream,
    pub history: History,
    pub seams: Seams,
    began: Instant,
}

/// One environment of a function, and who uses it.
#[derive(Clone)]
pub struct Actor {
    pub world: Arc<World>,
    pub app: App,
    pub bearer: Bearer,
    pub random: Random,
    /// How far its clock is ahead, in milliseconds.
    pub skew: i64,
}

impl World {
    pub fn new(seed: u64, seams: Seams) -> Arc<Self> {
        let nemesis = Arc::new(Nemesis::new(seed));
        let began = Instant::now();
        Arc::new(Self {
            seed,
            table: SimulatedTable::new(Arc::clone(&nemesis), began),
            upstream: Upstream::new(Arc::clone(&nemesis)),
            nemesis,
            history: History::default(),
            seams,
            began,
        })
    }

    /// Milliseconds since the simulation began, as nobody inside can know them.
    pub fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// One deployment in four is not called by ImageFlux, and works by asking.
    pub fn has_hooks(&self) -> bool {
        self.seed % 4 != 3
    }

    /// A user of a tenant in an environment of its own. `number` sets all that is random about it.
    pub fn actor(self: &Arc<Self>, number: u64, tenant: &TenantId, user: UserId) -> Actor {
        let random = Random::from_seed(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
        let skew = i64::try_from(random.below(2_001)).unwrap_or(0) - 1_000;
        self.skewed_actor(number, tenant, user, skew)
    }

    /// As `actor`, for one who reads a chat.
    pub fn reader(self: &Arc<Self>, number: u64, tenant: &TenantId, user: UserId) -> Actor {
        let actor = self.actor(number, tenant, user);
        self.skewed_actor(number, tenant, user, actor.skew + self.seams.readers_ahead)
    }

    /// As `actor`, whose clock is so many milliseconds ahead.
    pub fn skewed_actor(self: &Arc<Self>, number: u64, tenant: &TenantId, user: UserId, skew: i64) -> Actor {
        let random = Random::from_seed(self.seed.wrapping_mul(1_000_003).wrapping_add(number) ^ 0x5A5A);
        let clock = Clock::simulated(instant(self.now()) + TimeDelta::milliseconds(skew));
        let bearer = Bearer {
            tenant: tenant.clone(),
            user,
            token: random.uuid().into(),
            token_version: 0,
            expires_at: instant(0) + TimeDelta::hours(12),
            origin: Origin::default(),
        };
        let product = Random::from_seed(random.below(u64::MAX));
        let app = App {
            table: Table::new((self.seams.table)(self.table.clone(), &product), product.clone()),
            imageflux: ImageFlux::new((self.seams.imageflux)(self.upstream.clone())),
            clock,
            hooks_url: self.has_hooks().then(|| "https://hooks.example.jp".into()),
            random: product,
            caches: Arc::default(),
            dead_tokens: Arc::new(Memory::of_millis(DEAD_TOKENS)),
            ..template().clone()
        };
        Actor { world: Arc::clone(self), app, bearer, random, skew }
    }
}

impl Actor {
    /// Does one operation, and may die in the middle of it.
    pub async fn perform<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, Error>>,
        answer: impl FnOnce(&T) -> String,
    ) -> Reply<T> {
        self.perform_until(self.world.nemesis.death(), call, work, answer).await
    }

    /// As `perform`, dying at that await point, if at any.
    pub async fn perform_until<T>(
        &self,
        death: Option<u64>,
        call: Call,
        work: impl Future<Output = Result<T, Error>>,
        answer: impl FnOnce(&T) -> String,
    ) -> Reply<T> {
        let World { history, .. } = &*self.world;
        let operation = history.begin(&self.bearer, call, self.skew, self.world.now());
        let life = until_death(death, timeout(GATEWAY, work));
        let (outcome, reply) = match history.within(operation, life).await {
            Some(Ok(result)) => Outcome::of(result, answer),
            Some(Err(_elapsed)) => (Outcome::Unknown("the gateway's time is up".to_owned()), Reply::Unknown),
            None => (Outcome::Crashed, Reply::Unknown),
        };
        history.end(operation, outcome, self.world.now());
        reply
    }

    pub async fn rest_up_to(&self, millis: u64) {
        tokio::time::sleep(Duration::from_millis(self.random.below(millis) + 1)).await;
    }
}

/// The instant that is so many milliseconds after the beginning.
pub fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_893_456_000, 0).unwrap_or_default() + TimeDelta::milliseconds(millis)
}

/// Drops the work at its n-th await point.
async fn until_death<T>(death: Option<u64>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = Some(Box::pin(work));
    let mut left = death.unwrap_or(u64::MAX);
    let life = std::future::poll_fn(|context| {
        left -= 1;
        if let Some(work) = work.as_mut().filter(|_| left > 0) {
            work.as_mut().poll(context).map(Some)
        } else {
            work = None;
            Poll::Ready(None)
        }
    });
    pin!(life).await
}

/// Building a client for HTTPS takes longer than a whole simulation, so it is done once.
fn template() -> &'static App {
    static TEMPLATE: OnceLock<App> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let config = Config {
            token_public_keys: Some(demo::PUBLIC_KEYS.to_owned()),
            token_signing_key: Some(SecretString::from(demo::SIGNING_KEY)),
            imageflux_endpoint: "http://127.0.0.1:9".to_owned(),
            channel_grace_seconds: CHANNEL_GRACE,
            publish_lead_seconds: PUBLISH_LEAD,
            publish_overrun_seconds: PUBLISH_OVERRUN,
            log_polls_every: 1,
            ..Config::default()
        };
        let random = Random::from_seed(0);
        let nowhere = SimulatedTable::new(Arc::new(Nemesis::new(0)), Instant::now());
        let app = App::new(&config, Table::new(Arc::new(nowhere), random.clone()), Clock::default(), random);
        App { hashing: Cost::Trifling, ..app.expect("a product") }
    })
}
