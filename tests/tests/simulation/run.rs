//! One simulation from its seed to its findings, and many of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt, join, join_all};
use futures_util::stream::FuturesUnordered;
use shared::domain::access_code::AccessCode;
use shared::domain::email::Email;
use shared::domain::ids::{TenantId, UserId};
use shared::domain::password::Password;
use shared::domain::permission::Permissions;
use shared::domain::trail::Author;
use shared::domain::user::{NewUser, UserName};
use shared::operations::tenants::{self, NewTenant};
use shared::platform::env::var;

use crate::air_checks;
use crate::chat_checks;
use crate::chatters::{self, Pages, Reader};
use crate::checks::{self, Evidence, Findings};
use crate::evening::Evening;
use crate::faults::Harm;
use crate::history::{Call, Outcome, Reply};
use crate::pass_checks;
use crate::people::{self, ACCESS_CODE, FIRST_PASSWORD, Memory};
use crate::people_checks;
use crate::planners::{self, Known};
use crate::presenters;
use crate::schedule_checks;
use crate::staff::Staff;
use crate::world::{Actor, Seams, World};

/// Longer than a lease, than what is still on its way, and than two clocks differ.
const CALM: Duration = Duration::from_secs(75);
const DEFAULT_SEEDS: u64 = 200;
/// Seeds that once found something.
const KEPT: &str = include_str!("seeds.txt");

pub struct Run {
    pub evidence: Evidence,
    pub findings: Findings,
    pub harms: BTreeMap<Harm, u64>,
}

impl Run {
    pub fn of_seed(seed: u64) -> Self {
        Self::with(seed, Seams::default())
    }

    pub fn with(seed: u64, seams: Seams) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(simulate(seed, seams))
    }

    /// Differs when anything differs.
    pub fn fingerprint(&self) -> String {
        let commits: Vec<String> = self
            .evidence
            .journal
            .iter()
            .map(|commit| {
                let keys: Vec<_> = commit.changes.iter().map(|(key, after)| (key, after.is_some())).collect();
                format!("{} {keys:?}", commit.at)
            })
            .collect();
        format!("{:?}\n{}", self.evidence.entries, commits.join("\n"))
    }
}

async fn simulate(seed: u64, seams: Seams) -> Run {
    let world = World::new(seed, seams);
    let tenants = [1, 2, 3].map(|number| TenantId::from(uuid::Uuid::from_u128(number)));
    for (number, tenant) in tenants.iter().enumerate() {
        let operator = world.actor(1_000 + number as u64, tenant, UserId::MASTER);
        tenants::create_tenant(
            &operator.app,
            &Author::operator("simulation"),
            Some(tenant.clone()),
            new_tenant(number),
        )
        .await
        .expect("a tenant");
    }
    let master = world.actor(1_010, &tenants[0], UserId::MASTER);
    let mut talkers = Vec::new();
    for number in 0..3 {
        talkers.push(a_user(&master, &format!("talker{number}@example.jp")).await);
    }
    let memory = Memory::default();
    for number in 0..3 {
        let email = format!("person{number}@example.jp");
        memory.add(a_user(&master, &email).await, &email);
    }
    let chat = planners::create_between(&master, "in some days", 300_000, 303_600).await;
    let over = planners::create_between(&master, "over", -200, -100).await;
    let soon_over = planners::create_between(&master, "soon over", -100, 10).await;
    let evening = Evening::prepare(&world, [&tenants[2], &tenants[0]]).await;
    let staff = Staff::hire(&world, &master, chat, &memory).await;
    world.nemesis.wake();
    let known = Known::default();
    let mut actors: Vec<BoxFuture<'static, ()>> = Vec::new();
    for number in 0..5 {
        let planner = world.actor(number, &tenants[0], UserId::MASTER);
        actors.push(planners::plan(planner, known.clone(), format!("p{number}"), 14).boxed());
    }
    let elsewhere = world.actor(5, &tenants[1], UserId::MASTER);
    actors.push(planners::plan(elsewhere, Known::default(), "q".to_owned(), 8).boxed());
    for number in 6..9 {
        let looker = world.actor(number, &tenants[0], UserId::MASTER);
        actors.push(planners::look(looker, 40).boxed());
    }
    for number in 10..12 {
        let sweeper = world.actor(number, &tenants[0], UserId::MASTER);
        actors.push(planners::sweep_now_and_then(sweeper, 6).boxed());
    }
    for (number, user) in (20..).zip([talkers[0], talkers[0], talkers[1], talkers[2], UserId::MASTER]) {
        let talker = world.actor(number, &tenants[0], user);
        actors.push(chatters::talk(talker, chat, known.clone(), format!("t{number}"), 12).boxed());
    }
    for number in 70..72 {
        let deleter = world.actor(number, &tenants[0], UserId::MASTER);
        actors.push(chatters::delete_some(deleter, chat, 10).boxed());
    }
    for number in 60..63 {
        let presenter = world.actor(number, &tenants[0], UserId::MASTER);
        let old = vec![over, soon_over];
        actors.push(presenters::present(presenter, old, known.clone(), 12).boxed());
    }
    for number in 50..54 {
        let person = world.actor(number, &tenants[0], UserId::MASTER);
        actors.push(people::come_and_go(person, memory.clone(), format!("u{number}"), 25).boxed());
    }
    actors.extend(evening.actors(&known));
    actors.extend(staff.at_work(&known));
    let pages: Vec<Pages> = (0..3).map(|_| Pages::default()).collect();
    let environments: Vec<Actor> = (30..33).map(|number| world.reader(number, &tenants[0], UserId::MASTER)).collect();
    let readers = pages.iter().map(|pages| Reader::new(environments.clone(), chat, Arc::clone(pages)).follow(20));
    let readers: FuturesUnordered<_> = readers.collect();
    let actors: FuturesUnordered<_> = actors.into_iter().collect();
    let (readers, ()) = join(readers.collect::<Vec<_>>(), actors.collect()).await;
    world.nemesis.rest();
    let calm_from = world.now();
    join(tokio::time::sleep(CALM), evening.calm_down()).await;
    evening.look_at_all().await;
    join_all(readers.into_iter().map(Reader::catch_up)).await;
    staff.finish().await;
    let sweeper = world.actor(40, &tenants[0], UserId::MASTER);
    for _ in 0..2 {
        planners::sweep(&sweeper).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let entries = std::mem::take(&mut *world.history.entries());
    let channels = world.upstream.channels().clone();
    let outages = world.nemesis.outages();
    let studio = world.upstream.studio.record().clone();
    let evidence = Evidence { entries, journal: world.table.journal(), outages, channels, studio, calm_from };
    let mut findings = Findings::default();
    checks::nothing_is_broken(&evidence, &mut findings);
    schedule_checks::check(&evidence, &mut findings);
    let pages: Vec<_> = pages.iter().map(|pages| pages.lock().expect("no reader panicked").clone()).collect();
    chat_checks::check(&evidence, &chat, &pages, &mut findings);
    people_checks::check(&evidence, &mut findings);
    air_checks::check(&evidence, &mut findings);
    pass_checks::check(&evidence, &mut findings);
    staff.check(&evidence, &mut findings);
    staff.settle(&mut findings).await;
    Run { evidence, findings, harms: world.nemesis.counts() }
}

async fn a_user(master: &Actor, email: &str) -> UserId {
    match people::create(master, email, false).await {
        Reply::Done(id) => id,
        _ => panic!("a user"),
    }
}

pub fn new_tenant(number: usize) -> NewTenant {
    NewTenant {
        name: format!("tenant {number}"),
        access_code: AccessCode::parse(ACCESS_CODE).expect("a code"),
        master: NewUser {
            name: UserName::parse("master").expect("a name"),
            email: Email::parse(&format!("master{number}@example.jp")).expect("an address"),
            password: Password::parse(FIRST_PASSWORD).expect("a password"),
            permissions: Permissions::ALL,
        },
    }
}

/// Simulates with a planted mistake until the promise is seen broken.
pub fn first_violation(promise: &str, seams: fn() -> Seams) {
    const PATIENCE: u64 = 300;
    let finds = |seed: &u64| {
        let run = Run::with(*seed, seams());
        run.findings.violations.iter().any(|violation| violation.promise == promise)
    };
    let seed = (0..PATIENCE).find(finds);
    eprintln!("{promise}: broken by seed {seed:?}");
    assert!(seed.is_some(), "the planted mistake was not found in {PATIENCE} seeds");
}

/// What many simulations showed.
#[derive(Default)]
pub struct Totals {
    simulations: usize,
    operations: usize,
    commits: usize,
    outcomes: BTreeMap<&'static str, usize>,
    questions: usize,
    on_air: BTreeMap<String, usize>,
    harms: BTreeMap<Harm, u64>,
    unattributable: usize,
    unrecorded: usize,
    pub failures: Vec<String>,
}

impl Totals {
    /// On two threads, as many as the smallest machine for this has cores.
    pub fn of(seeds: &[u64], simulate: impl Fn(u64) -> Run + Sync) -> Self {
        let next = AtomicUsize::new(0);
        let totals = Mutex::new(Self::default());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let run = simulate(*seed);
                        totals.lock().expect("no thread panics").add(*seed, &run);
                    }
                });
            }
        });
        totals.into_inner().expect("no thread panicked")
    }

    fn add(&mut self, seed: u64, run: &Run) {
        self.simulations += 1;
        self.operations += run.evidence.entries.len();
        self.commits += run.evidence.journal.len();
        self.unattributable += run.findings.unattributable;
        self.unrecorded += run.findings.unrecorded;
        for entry in &run.evidence.entries {
            *self.outcomes.entry(entry.outcome.kind()).or_default() += 1;
            if let (Call::OnAir(deed), Outcome::Done(said)) = (&entry.call, &entry.outcome) {
                deed.kind(said).into_iter().for_each(|kind| *self.on_air.entry(kind).or_default() += 1);
            }
        }
        self.questions += run.evidence.studio.questions.len();
        for (harm, count) in &run.harms {
            *self.harms.entry(*harm).or_default() += count;
        }
        for violation in &run.findings.violations {
            let again = format!("SEED={seed} cargo test --workspace --test simulation");
            self.failures.push(format!("{again}\n  {}: {}", violation.promise, violation.what));
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "simulations {}, operations {}, commits {}",
            self.simulations, self.operations, self.commits
        )?;
        for (outcome, count) in &self.outcomes {
            writeln!(formatter, "  {outcome}: {count}")?;
        }
        for (harm, count) in &self.harms {
            writeln!(formatter, "  {harm:?}: {count}")?;
        }
        for (kind, count) in &self.on_air {
            writeln!(formatter, "  {kind}: {count}")?;
        }
        writeln!(formatter, "questions to ImageFlux {}", self.questions)?;
        writeln!(formatter, "channels nobody heard of {}", self.unattributable)?;
        writeln!(formatter, "channels lost in an outage {}", self.unrecorded)?;
        write!(formatter, "violations {}", self.failures.len())
    }
}

/// `SEED=n` is one, `SEEDS=n` the first n, and without either it is the first 200 and those kept.
pub fn seeds() -> Vec<u64> {
    if let Some(seed) = var("SEED").and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let count = var("SEEDS").and_then(|seeds| seeds.parse().ok()).unwrap_or(DEFAULT_SEEDS);
    let kept = KEPT.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok());
    kept.chain(0..count).collect()
}
