//! Messages in the order of their ids, and how often a user posted.

use shared::domain::ids::{MessageId, UserId};
use shared::domain::message::{Deletion, Entry, Message, MessageBody};
use shared::domain::room::Rules;
use shared::platform::random::Random;
use shared::store::{keys, messages, rates, rooms};
use shared::table::Transacted;

use crate::bench::{Bench, id, number, other_tenant, tenant};

fn message(random: &Random, millis: i64) -> Message {
    let body = MessageBody::parse(&format!("at {millis}")).unwrap();
    let id = random.uuid_at(millis).into();
    Message { id, user_id: UserId(2), user_name: "somebody".to_owned(), body, deletion: None }
}

async fn with_messages() -> (Bench, Vec<Message>) {
    let (bench, random) = (Bench::new().await, Random::from_seed(2));
    let all: Vec<_> = [1_000, 2_000, 3_000].into_iter().map(|millis| message(&random, millis)).collect();
    for message in &all {
        assert!(bench.one(&messages::create(&tenant(), &id(1), message).unwrap()).await);
    }
    (bench, all)
}

fn ids(entries: &[Entry]) -> Vec<MessageId> {
    entries.iter().map(Entry::id).collect()
}

#[tokio::test]
async fn a_message_is_never_written_over() {
    let (bench, all) = with_messages().await;
    let again = Message { user_id: UserId(3), ..all[0].clone() };
    assert!(!bench.one(&messages::create(&tenant(), &id(1), &again).unwrap()).await);
    assert!(bench.one(&messages::create(&tenant(), &id(2), &again).unwrap()).await, "in another chat");
}

#[tokio::test]
async fn messages_after_one_are_those_behind_it_and_the_newest_the_last() {
    let (bench, all) = with_messages().await;
    let all: Vec<MessageId> = all.iter().map(|message| message.id).collect();
    let after =
        async |id_after, limit| ids(&messages::after(&bench.table, &tenant(), &id(1), id_after, limit).await.unwrap());
    let newest =
        async |before, count| ids(&messages::newest(&bench.table, &tenant(), &id(1), before, count).await.unwrap());
    assert_eq!(after(None, None).await, all);
    assert_eq!(after(Some(all[0]), None).await, all[1..]);
    assert_eq!(after(None, Some(2)).await, all[..2]);
    assert_eq!(after(MessageId::last_of(2_000), None).await, all[2..]);
    assert_eq!(after(MessageId::last_of(1_999), None).await, all[1..]);
    assert_eq!(newest(None, 2).await, all[1..]);
    assert_eq!(newest(Some(all[2]), 1).await, all[1..2]);
    assert!(bench.one(&messages::delete(&tenant(), &id(1), &all[1])).await);
    assert_eq!(newest(None, 9).await, [all[0], all[2]]);
}

#[tokio::test]
async fn a_message_is_marked_once_together_with_its_deletion_and_a_deletion_never() {
    let (bench, all) = with_messages().await;
    let random = Random::from_seed(3);
    let deletion = |message, millis| Deletion { id: random.uuid_at(millis).into(), message };
    let delete = async |deletion: &Deletion| {
        let writes = messages::mark_deleted(&tenant(), &id(1), deletion).unwrap();
        matches!(bench.table.transact(&writes).await.unwrap(), Transacted::Done)
    };
    let (first, again) = (deletion(all[0].id, 4_000), deletion(all[0].id, 5_000));
    assert!(delete(&first).await);
    assert!(!delete(&again).await, "it is marked");
    assert!(!delete(&deletion(random.uuid_at(1_500).into(), 6_000)).await, "nothing is there");
    let entries = messages::after(&bench.table, &tenant(), &id(1), None, None).await.unwrap();
    let marked = Message { deletion: Some(first.id), ..all[0].clone() };
    let [one, two, three, last] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((one, last), (&Entry::Message(marked.clone()), &Entry::Deletion(first)));
    assert_eq!([two, three], [1, 2].map(|index| Entry::Message(all[index].clone())).each_ref());
    let find = async |message| messages::find(&bench.table, &tenant(), &id(1), message).await.unwrap();
    assert_eq!(find(&all[0].id).await, Some(marked));
    assert_eq!(find(&first.id).await, None, "a deletion is no message");
}

#[tokio::test]
async fn a_post_is_remembered_only_if_no_other_was_and_until_its_time() {
    let bench = Bench::new().await;
    let (of, other) = (tenant(), UserId(2));
    let posts = async || rates::posts(&bench.table, &of, other).await.unwrap();
    let nothing = posts().await;
    let remember = |seen: &rates::Posts, times: &[i64]| {
        let recent = rates::Recent { times: times.to_vec(), ..rates::Recent::default() };
        rates::remember_post(&of, other, seen, recent, 1_234).unwrap()
    };
    assert!(bench.one(&remember(&nothing, &[1])).await);
    assert!(!bench.one(&remember(&nothing, &[2])).await);
    let first = posts().await;
    assert!(bench.one(&remember(&first, &[1, 3])).await);
    assert!(!bench.one(&remember(&first, &[1, 4])).await);
    assert_eq!(posts().await.recent.times, [1, 3]);
    let item = bench.item(&keys::recent_posts(&of, other)).await.unwrap();
    assert_eq!((number(&item, "expires_at"), number(&item, "version")), (1_234, 2));
    assert!(rates::posts(&bench.table, &other_tenant(), other).await.unwrap().recent.times.is_empty());
    assert!(rates::posts(&bench.table, &of, UserId(3)).await.unwrap().recent.times.is_empty());
}

#[tokio::test]
async fn a_room_is_one_schedules_of_one_tenant_and_is_cleared_in_parts() {
    let bench = Bench::new().await;
    let (of, guest) = (tenant(), UserId(2));
    let rules = async |schedule| rooms::rules_for_user(&bench.table, &of, &schedule, guest).await.unwrap();
    assert!(!bench.one(&rooms::unmute(&of, &id(1), guest)).await, "nobody is muted");
    assert!(bench.one(&rooms::mute(&of, &id(1), guest, 1_234).unwrap()).await);
    let (open, closed) = (Rules::default(), Rules { is_open: false, slow_seconds: 0 });
    let slow = Rules { slow_seconds: 7, ..closed };
    for (seen, new, is_done) in [
        (Some(open), slow, false),
        (None, closed, true),
        (None, slow, false),
        (Some(open), slow, false),
        (Some(closed), slow, true),
        (Some(closed), open, false),
    ] {
        assert_eq!(bench.one(&rooms::replace_rules(&of, &id(1), seen, new)).await, is_done, "{seen:?}");
    }
    assert!(bench.one(&rooms::remember_poster(&of, &id(1), guest)).await);
    let seen = rules(id(1)).await;
    assert_eq!((seen.muted_until, seen.rules.is_open, seen.rules.slow_seconds), (Some(1_234), false, 7));
    let item = bench.item(&keys::mute(&of, &id(1), guest)).await.unwrap();
    assert_eq!((number(&item, "muted_until"), number(&item, "expires_at")), (1_234, 2));
    assert_eq!(rules(id(2)).await, shared::domain::room::RulesForUser::default());
    let theirs = rooms::rules_for_user(&bench.table, &other_tenant(), &id(1), guest).await.unwrap();
    assert_eq!(theirs, shared::domain::room::RulesForUser::default());
    let room = async |now| rooms::find(&bench.table, &of, &id(1), now).await.unwrap();
    assert_eq!((room(1_233).await.muted, room(1_234).await.muted, room(1_234).await.posted), (1, 0, 1));
    assert!(!rooms::clear(&bench.table, &of, &id(1), 2).await.unwrap());
    assert!(rooms::clear(&bench.table, &of, &id(1), 2).await.unwrap());
    assert_eq!((room(0).await.muted, room(0).await.posted, room(0).await.rules.is_open), (0, 0, true));
    assert!(bench.one(&rooms::mute(&of, &id(1), guest, 9).unwrap()).await);
    assert!(bench.one(&rooms::unmute(&of, &id(1), guest)).await);
    assert_eq!(rules(id(1)).await.muted_until, None);
}
