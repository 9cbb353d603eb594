//! What is on air: what people do there, and how ImageFlux tells the product of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};
use shared::domain::ids::{ScheduleId, TenantId};
use shared::operations::hooks::{self, Publisher, Sent};
use tokio::time::sleep;

use crate::faults::Harm;
use crate::history::{Call, Reply};
use crate::studio::{Studio, playlist};
use crate::world::{Actor, World, instant};

/// What somebody did, or ImageFlux did for them.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Wants to connect; with this token, if with any.
    Connect {
        at: Place,
        token: Option<String>,
    },
    /// Calls an address that resembles one of ours.
    CallAmiss,
    /// ImageFlux tells of a connection.
    Tell {
        connection: String,
        kind: &'static str,
        is_timed: bool,
    },
    View {
        schedule: ScheduleId,
    },
    Watch {
        schedule: ScheduleId,
    },
    ListStatuses,
    ResetTokens {
        schedule: ScheduleId,
    },
}

impl Deed {
    /// What is counted of an answer to it.
    pub fn kind(&self, said: &str) -> Option<String> {
        let word = said.split(' ').next().unwrap_or_default();
        match self {
            Self::Connect { .. } => Some(format!("may publish: {word}")),
            Self::View { .. } => Some(format!("view: {word}")),
            Self::Tell { .. } => Some(format!("event: {word}")),
            _ => None,
        }
    }
}

/// A schedule's channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub tenant: TenantId,
    pub schedule: ScheduleId,
    pub channel: String,
}

/// What becomes on its way of what ImageFlux calls the product with; mistakes are planted here.
pub struct Hooks {
    /// An event, and the connections of whose end the product was told before.
    pub event: fn(&mut Value, &BTreeSet<String>),
    /// The token that somebody shows, and the one that they were given.
    pub token: fn(&str, &str) -> String,
    /// The key in the address that is called, and the one of the channel.
    pub key: fn(&str, &str) -> String,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { event: |_, _| {}, token: |shown, _| shown.to_owned(), key: |called, _| called.to_owned() }
    }
}

/// ImageFlux's side of the addresses, and the environments of the function behind them.
#[derive(Clone)]
pub struct Air {
    pub world: Arc<World>,
    webhooks: Arc<[Actor]>,
    ended: Arc<Mutex<BTreeSet<String>>>,
    /// On which schedules somebody was ever let in.
    used: Arc<Mutex<BTreeSet<ScheduleId>>>,
}

/// Every so often ImageFlux tells that a connection is still there.
const SIGN_EVERY: Duration = Duration::from_mins(1);

impl Air {
    pub fn new(world: &Arc<World>, webhooks: Vec<Actor>) -> Self {
        Self { world: Arc::clone(world), webhooks: webhooks.into(), ended: Arc::default(), used: Arc::default() }
    }

    pub fn studio(&self) -> &Studio {
        &self.world.upstream.studio
    }

    pub fn schedules(&self) -> BTreeSet<ScheduleId> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connects if the product lets them. `shown` is `None`, or a token and the right one.
    pub async fn connect(&self, place: &Place, sends: bool, shown: Option<(&str, &str)>) -> Option<String> {
        let channel = self.world.upstream.channels().get(&place.channel).cloned()?;
        if channel.deleted {
            return None;
        }
        if let Some(key) = &channel.hook_key {
            let token = shown.map(|(token, _)| token.to_owned());
            let on_its_way = shown.map(|(token, right)| (self.world.seams.hooks.token)(token, right));
            let metadata = on_its_way.map_or(json!(""), |token| json!({"access_token": token}));
            let role = if sends { "sendrecv" } else { "recvonly" };
            let body = json!({"role": role, "channel_id": place.channel, "metadata": metadata});
            let deed = Deed::Connect { at: place.clone(), token };
            let answer = self.ask(deed, key, &body).await;
            if !matches!(answer, Reply::Done(Sent::Answered(Ok(_)))) {
                return None;
            }
        }
        if self.world.upstream.channels().get(&place.channel)?.deleted {
            return None;
        }
        let id = self.studio().let_in(&place.channel, sends);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(place.schedule);
        if channel.hook_key.is_some() {
            in_the_background(Self::tell_all_its_life(self.clone(), id.clone()));
        }
        Some(id)
    }

    /// Ends a connection; `is_told` is whether ImageFlux tells of it, if it can.
    pub fn disconnect(&self, id: &str, is_told: bool) {
        if self.studio().end(id) && is_told {
            self.tell(id, "connection.destroyed");
        }
    }

    /// Calls addresses whose key ends otherwise than the channel's.
    pub async fn call_amiss(&self, place: &Place) {
        let channel = self.world.upstream.channels().get(&place.channel).cloned();
        let Some(key) = channel.and_then(|channel| channel.hook_key) else { return };
        let shown = altered_at_its_end(&key);
        let called = (self.world.seams.hooks.key)(&shown, &key);
        let body = json!({"role": "sendrecv", "channel_id": place.channel, "connection_id": "nobody"});
        let _refused = self.ask(Deed::CallAmiss, &called, &body).await;
    }

    async fn ask(
        &self,
        deed: Deed,
        key: &str,
        body: &Value,
    ) -> Reply<Sent<Result<Publisher, shared::policy::publishing::Refused>>> {
        let webhook = self.webhook();
        let work = hooks::may_publish(&webhook.app, key, Ok(object(body)));
        let said = |sent: &Sent<Result<Publisher, _>>| match sent {
            Sent::Nowhere => "NOWHERE".to_owned(),
            Sent::Answered(Ok(Publisher { user })) => format!("in {user:?}"),
            Sent::Answered(Err(refused)) => shared::policy::publishing::Refused::as_str(*refused).to_owned(),
        };
        webhook.perform(Call::OnAir(deed), work, said).await
    }

    fn webhook(&self) -> &Actor {
        let count = u64::try_from(self.webhooks.len()).unwrap_or(1);
        &self.webhooks[usize::try_from(self.world.nemesis.one_of(count)).unwrap_or(0)]
    }

    async fn tell_all_its_life(self, id: String) {
        self.tell(&id, "connection.created");
        if self.studio().find(&id).is_some_and(|connection| connection.sends) {
            in_the_background(Self::tell_when_it_plays(self.clone(), id.clone()));
        }
        loop {
            sleep(SIGN_EVERY).await;
            if self.studio().find(&id).is_none_or(|connection| connection.ended.is_some()) {
                return;
            }
            self.tell(&id, "connection.updated");
        }
    }

    async fn tell_when_it_plays(self, id: String) {
        sleep(self.studio().until_it_plays(&id)).await;
        if self.studio().find(&id).is_some_and(|connection| connection.ended.is_none()) {
            self.tell(&id, "notify.playlist_url");
        }
    }

    /// Never, once or more often, at once or late.
    fn tell(&self, id: &str, kind: &'static str) {
        let nemesis = &self.world.nemesis;
        let copies = if nemesis.strikes(Harm::EventLost) {
            0
        } else if nemesis.strikes(Harm::EventRepeated) {
            2 + nemesis.one_of(2)
        } else {
            1
        };
        let Some(connection) = self.studio().find(id) else { return };
        let Some(key) = self.hook_key(&connection.channel) else { return };
        let now = instant(self.studio().now() + self.studio().skew);
        for _ in 0..copies {
            let mut event = json!({
                "type": kind, "channel_id": connection.channel, "connection_id": id,
                "timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true),
            });
            if kind == "notify.playlist_url" {
                event["playlist_url"] = json!(playlist(id));
            } else {
                event["role"] = json!(if connection.sends { "sendrecv" } else { "recvonly" });
            }
            let is_timed = !nemesis.strikes(Harm::EventTimeless);
            if !is_timed {
                event["timestamp"] = json!("");
            }
            let late = if !is_timed || !nemesis.strikes(Harm::EventLate) { 200 } else { 20_000 };
            let deed = Deed::Tell { connection: id.to_owned(), kind, is_timed };
            let call = Self::deliver(self.clone(), nemesis.up_to(late), key.clone(), event, deed);
            in_the_background(call);
        }
    }

    async fn deliver(self, late: Duration, key: String, mut event: Value, deed: Deed) {
        sleep(late).await;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.world.seams.hooks.event)(&mut event, &ended);
        let webhook = self.webhook();
        let work = hooks::record_event(&webhook.app, &key, Ok(object(&event)));
        let said = |sent: &Sent<()>| if *sent == Sent::Nowhere { "NOWHERE" } else { "heard" }.to_owned();
        let reply = webhook.perform(Call::OnAir(deed.clone()), work, said).await;
        if let (Reply::Done(Sent::Answered(())), Deed::Tell { connection, kind: "connection.destroyed", .. }) =
            (reply, deed)
        {
            self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(connection);
        }
    }

    fn hook_key(&self, channel: &str) -> Option<String> {
        self.world.upstream.channels().get(channel)?.hook_key.clone()
    }
}

fn in_the_background(work: impl Future<Output = ()> + Send + 'static) {
    #[expect(clippy::disallowed_methods, reason = "ImageFlux does it by itself")]
    tokio::spawn(work);
}

/// A text that begins alike.
pub fn altered_at_its_end(text: &str) -> String {
    let (start, last) = text.split_at(text.len() - 3);
    let other = |letter: char| if letter == 'a' { 'b' } else { 'a' };
    format!("{start}{}", last.chars().map(other).collect::<String>())
}

fn object(body: &Value) -> Map<String, Value> {
    body.as_object().cloned().unwrap_or_default()
}
