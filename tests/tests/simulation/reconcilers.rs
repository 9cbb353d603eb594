//! Reconciling: while channels are made, and when all is quiet. What it deletes is nobody's, and never will be anybody's.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::app::App;
use shared::operations::reconciling;
use tokio::time::Instant;

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Reply};
use crate::model::Commit;
use crate::world::Actor;

/// A quarter of an hour, and a little more.
const BETWEEN_SIGHTINGS: Duration = Duration::from_secs(903);

pub async fn reconcile_now_and_then(actor: Actor, runs: u32) {
    for _ in 0..runs {
        actor.rest_up_to(4_000).await;
        reconcile(&actor).await;
    }
}

/// Where the access token is this system's alone.
async fn reconcile(actor: &Actor) -> Reply<reconciling::Reconciled> {
    let app = App { deletes_orphans: true, ..actor.app.clone() };
    actor.perform(Call::Reconcile, reconciling::reconcile(&app), |reconciled| format!("{reconciled:?}")).await
}

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let somebodys = ever_somebodys(&evidence.journal);
    for (id, channel) in &evidence.channels {
        let entry = channel.deleted_by.map(|by| &evidence.entries[by]);
        if entry.is_some_and(|entry| matches!(entry.call, Call::Reconcile)) {
            let is_somebodys = somebodys.contains(id.as_str());
            findings.require(!is_somebodys, "only what is nobody's is reconciled", || format!("{id}: {entry:?}"));
        }
    }
}

/// When all is quiet: what is nobody's is seen, is seen again, and goes, so much in one run. All else stays.
pub async fn settle(actor: &Actor, findings: &mut Findings) {
    let began = Instant::now();
    let mut last = None;
    for _ in 0..4 {
        if let Reply::Done(reconciled) = reconcile(actor).await {
            last = Some(reconciled);
        }
        tokio::time::sleep(BETWEEN_SIGHTINGS).await;
    }
    let is_finished = last.as_ref().is_some_and(|last| last.orphans == last.deleted);
    findings.require(is_finished, "what is nobody's goes", || format!("{last:?}"));
    let journal = actor.world.table.journal();
    let somebodys = ever_somebodys(&journal);
    for (id, channel) in actor.world.upstream.channels().iter() {
        if channel.deleted_at.is_some_and(|deleted_at| deleted_at > began) {
            let is_somebodys = somebodys.contains(id.as_str());
            findings.require(!is_somebodys, "only what is nobody's is reconciled", || id.clone());
        } else if !channel.deleted {
            findings.require(somebodys.contains(id.as_str()), "what is nobody's goes", || format!("{id} {channel:?}"));
        }
    }
}

/// The channels that a schedule ever had, or that something which was left to do named.
fn ever_somebodys(journal: &[Commit]) -> BTreeSet<&str> {
    let changes = journal.iter().flat_map(|commit| &commit.changes);
    let known = changes.filter(|(key, _)| key.pk.starts_with("SCHED#") || key.pk == "TODO");
    known.filter_map(|(_, item)| item.as_ref()).map(|item| text(item, "channel_id")).collect()
}
