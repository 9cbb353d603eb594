//! The list of schedules: it costs what it shows.
//!
//! The calendar is sorted by start, so a window or a page of the list is one range of it. A schedule that is given
//! another start while the list is read may be missed at both of its places, because what a transaction wrote comes into
//! sight item by item. So a start is changed only after the change was announced. After the list, its reader looks at
//! the announcements. A schedule that should be in the list and is not there exactly once is read by its id.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;

use super::{Error, admit, on_air};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{ScheduleId, TenantId};
use crate::domain::interval::Interval;
use crate::domain::live::Status;
use crate::domain::schedule::Plan;
use crate::policy::Action;
use crate::store::calendar::{self, Node, Starts};
use crate::store::moves::{self, Move};
use crate::store::schedules;
use crate::table::TableError;

/// Nodes that are read in one request: the first beside the caller, more only for one who may.
const READ_AT_ONCE: usize = 1_000;
/// More schedules than an answer has room for, however short their names are.
const MOST_AT_ONCE: usize = 25_000;

/// Which part of the list is asked for.
#[derive(Clone, Default)]
pub struct Window {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub limit: Option<usize>,
    /// The start of the last schedule that was given.
    pub after: Option<DateTime<Utc>>,
}

/// A part of the list, newest start first, and after which start the rest begins.
pub struct Listing {
    /// Each with how it stands.
    pub schedules: Vec<(Plan, Status)>,
    pub next: Option<DateTime<Utc>>,
}

pub async fn list_schedules(app: &App, bearer: &Bearer, form: Result<Window, Error>) -> Result<Listing, Error> {
    let load = async {
        let window = form?;
        let beginning = Beginning::read(app, &bearer.tenant, &window).await?;
        Ok((window, beginning))
    };
    let (caller, (window, beginning)) = admit(app, bearer, Action::ListSchedules, load).await?;
    let limit = window.limit.unwrap_or(MOST_AT_ONCE);
    let mut part = beginning.go_on(app, &caller.tenant, window, limit).await?;
    part.settle(app, &caller.tenant).await?;
    let Part { mut plans, read_down_to, .. } = part;
    plans.sort_by_key(|plan| Reverse(plan.interval.start()));
    let next = if plans.len() > limit {
        plans.truncate(limit);
        plans.last().map(|plan| plan.interval.start())
    } else {
        read_down_to
    };
    let statuses = on_air::statuses(app, &caller.tenant, &plans).await?;
    Ok(Listing { schedules: plans.into_iter().zip(statuses).collect(), next })
}

/// All schedules that end after the instant, in no order.
pub(super) async fn ending_after(app: &App, tenant: &TenantId, from: DateTime<Utc>) -> Result<Vec<Plan>, TableError> {
    let window = Window { from: Some(from), ..Window::default() };
    let beginning = Beginning::read(app, tenant, &window).await?;
    let mut part = beginning.go_on(app, tenant, window, MOST_AT_ONCE).await?;
    part.settle(app, tenant).await?;
    Ok(part.plans)
}

impl Window {
    /// The starts of what the window shows, but for what runs into it.
    fn starts(&self) -> Starts {
        let before = [self.to, self.after].into_iter().flatten().min();
        Starts { from: self.from, before }
    }

    fn shows(&self, interval: Interval) -> bool {
        let is_before = |end: Option<DateTime<Utc>>| end.is_none_or(|end| interval.start() < end);
        is_before(self.to) && is_before(self.after) && self.from.is_none_or(|from| interval.end() > from)
    }
}

/// As much of the calendar as may be read before it is known that the caller may.
struct Beginning {
    nodes: Vec<Node>,
    asked: usize,
    /// The last nodes before `from`. The calendar's intervals are disjoint, so no earlier one reaches it.
    running: Vec<Node>,
}

impl Beginning {
    async fn read(app: &App, tenant: &TenantId, window: &Window) -> Result<Self, TableError> {
        // One more than wanted tells whether others follow.
        let asked = window.limit.unwrap_or(READ_AT_ONCE).min(READ_AT_ONCE) + 1;
        let starts = window.starts();
        let running = async {
            match window.from {
                // Two, because a node that is being removed may still be seen after one that was prolonged over it.
                Some(from) => {
                    let end = starts.before.map_or(from, |before| before.min(from));
                    calendar::before(&app.table, tenant, end.into(), 2).await
                }
                None => Ok(Vec::new()),
            }
        };
        let (nodes, running) = tokio::try_join!(calendar::starting(&app.table, tenant, starts, asked), running)?;
        Ok(Self { nodes, asked, running })
    }

    /// Reads on until there are more schedules than the limit, or no more.
    async fn go_on(self, app: &App, tenant: &TenantId, window: Window, limit: usize) -> Result<Part, TableError> {
        let Self { mut nodes, mut asked, running } = self;
        let mut starts = window.starts();
        let mut plans = Vec::new();
        loop {
            let is_end = nodes.len() < asked;
            starts.before = nodes.last().and_then(Node::starts_at).or(starts.before);
            plans.extend(nodes.iter().filter_map(Node::plan));
            if is_end {
                plans.extend(running.iter().filter_map(Node::plan).filter(|plan| window.shows(plan.interval)));
                return Ok(Part { window, plans, read_down_to: None });
            }
            if plans.len() > limit {
                return Ok(Part { window, plans, read_down_to: starts.before });
            }
            // Reservations are not shown, so it may take more.
            asked = (limit - plans.len()).min(READ_AT_ONCE) + 1;
            nodes = calendar::starting(&app.table, tenant, starts, asked).await?;
        }
    }
}

/// What was read, in no order.
struct Part {
    window: Window,
    plans: Vec<Plan>,
    /// The earliest start that was read, if the window shows others before it.
    read_down_to: Option<DateTime<Utc>>,
}

impl Part {
    fn shows(&self, interval: Interval) -> bool {
        self.window.shows(interval) && self.read_down_to.is_none_or(|start| interval.start() >= start)
    }

    /// Puts right what moved while it was read.
    async fn settle(&mut self, app: &App, tenant: &TenantId) -> Result<(), TableError> {
        let moves = moves::recent(&app.table, tenant, app.clock.now_second()).await?;
        let doubtful = self.doubtful(&moves);
        if doubtful.is_empty() {
            return Ok(());
        }
        self.plans.retain(|plan| !doubtful.contains(&plan.id));
        let found = try_join_all(doubtful.iter().map(|id| schedules::find(&app.table, tenant, id))).await?;
        let plans = found.into_iter().flatten().map(|schedule| schedule.plan);
        let shown: Vec<Plan> = plans.filter(|plan| self.shows(plan.interval)).collect();
        self.plans.extend(shown);
        Ok(())
    }

    /// What was seen twice, and what was not seen though it moved from one shown place to another.
    fn doubtful(&self, moves: &[Move]) -> BTreeSet<ScheduleId> {
        let mut times: BTreeMap<ScheduleId, usize> = BTreeMap::new();
        for plan in &self.plans {
            *times.entry(plan.id).or_default() += 1;
        }
        let missed = moves.iter().filter(|moved| self.shows(moved.from) && self.shows(moved.to));
        let missed = missed.map(|moved| moved.schedule).filter(|id| !times.contains_key(id));
        let doubled = times.iter().filter(|(_, times)| **times > 1).map(|(id, _)| *id);
        missed.chain(doubled).collect()
    }
}
