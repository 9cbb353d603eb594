//! People who watch, in environments that they share with others.

use shared::domain::ids::ScheduleId;
use shared::domain::live::{Status, Watchable};
use shared::operations::listing::{self, Listing, Window};
use shared::operations::viewing::{self, Viewing, Watching};

use crate::history::{Call, Reply};
use crate::on_air::Deed;
use crate::planners::Known;
use crate::world::Actor;

/// Looks at one of the broadcasts again and again, sometimes at one that others move and cancel.
pub async fn view(actor: Actor, broadcasts: Vec<ScheduleId>, known: Known, times: u32, pause: u64) {
    let mut key: Option<(ScheduleId, String)> = None;
    for _ in 0..times {
        let index = usize::try_from(actor.random.below(broadcasts.len().max(1) as u64)).unwrap_or(0);
        let id = broadcasts.get(index).copied().or_else(|| known.any(&actor).map(|(id, _)| id));
        match (actor.random.below(10), &key, id) {
            (0, ..) => list(&actor).await,
            (1..5, Some((schedule, key)), _) => watch(&actor, *schedule, key).await,
            (_, _, Some(id)) => {
                let found = look(&actor, id).await;
                key = found.map(|found| (id, found)).or(key);
            }
            _ => {}
        }
        actor.rest_up_to(pause).await;
    }
}

/// What the key for players is.
pub async fn look(actor: &Actor, schedule: ScheduleId) -> Option<String> {
    let work = viewing::get_view(&actor.app, &actor.bearer, Ok(schedule));
    let seen = |viewing: &Viewing| said(viewing.status, viewing.playing.as_ref());
    match actor.perform(Call::OnAir(Deed::View { schedule }), work, seen).await {
        Reply::Done(viewing) => viewing.watch_key,
        _ => None,
    }
}

pub async fn watch(actor: &Actor, schedule: ScheduleId, key: &str) {
    let seen = |watching: &Watching| match watching {
        Watching::Playing(watchable) => said(Status::Live, Some(watchable)),
        Watching::NotNow(_) => "waiting -".to_owned(),
        Watching::Never => "ended -".to_owned(),
    };
    actor.perform(Call::OnAir(Deed::Watch { schedule }), viewing::watch(&actor.app, key), seen).await;
}

fn said(status: Status, playing: Option<&Watchable>) -> String {
    format!("{} {}", status.as_str(), playing.map_or("-", |playing| playing.playlist_url.as_str()))
}

async fn list(actor: &Actor) {
    let work = listing::list_schedules(&actor.app, &actor.bearer, Ok(Window::default()));
    let statuses = |listing: &Listing| {
        let each = listing.schedules.iter().map(|(plan, status)| format!("{}={}", plan.id, status.as_str()));
        each.collect::<Vec<_>>().join(" ")
    };
    actor.perform(Call::OnAir(Deed::ListStatuses), work, statuses).await;
}
