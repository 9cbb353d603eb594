use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::domain::interval::Interval;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
}

fn fact(id: &str, second: i64, news: News) -> Fact {
    Fact { connection_id: id.to_owned(), at: at(second), news }
}

fn created(id: &str, second: i64) -> Fact {
    fact(id, second, News::Lives { sends: Some(true) })
}

fn playlist(id: &str, second: i64) -> Fact {
    fact(id, second, News::Playlist(format!("https://p.example/{id}/{second}.m3u8")))
}

fn ended(id: &str, second: i64) -> Fact {
    fact(id, second, News::Ended { sends: Some(true) })
}

fn after(facts: impl IntoIterator<Item = Fact>) -> Live {
    let mut live = Live::default();
    for fact in facts {
        live.join(fact.into());
    }
    live
}

fn listed(id: &str) -> Listed {
    Listed { connection_id: id.to_owned(), playlist_url: Some(format!("https://p.example/{id}.m3u8")) }
}

fn watched(live: &Live) -> Option<String> {
    live.watchable().map(|watchable| watchable.playlist_url)
}

/// An evening with three connections, one of which only watches.
fn evening() -> Vec<Fact> {
    let watches = |second| fact("W", second, News::Lives { sends: Some(false) });
    vec![
        created("A", 0),
        playlist("A", 2),
        fact("A", 60, News::Lives { sends: Some(true) }),
        playlist("A", 61),
        ended("A", 70),
        created("B", 65),
        playlist("B", 68),
        fact("B", 125, News::Lives { sends: None }),
        watches(66),
        // No known upstream says so of one who watches.
        playlist("W", 67),
        fact("W", 69, News::Ended { sends: None }),
    ]
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let news = prop_oneof![
        prop::option::of(any::<bool>()).prop_map(|sends| News::Lives { sends }),
        (0..3_u8).prop_map(|n| News::Playlist(format!("https://p.example/{n}.m3u8"))),
        prop::option::of(any::<bool>()).prop_map(|sends| News::Ended { sends }),
    ];
    (0..3_usize, 0..20_i64, news).prop_map(|(id, second, news)| fact(["A", "B", "C"][id], second, news))
}

fn any_live() -> impl Strategy<Value = Live> {
    let lists = prop::collection::vec((prop::sample::subsequence(vec!["A", "B", "C"], 0..=3), 0..40_i64), 0..3);
    (prop::collection::vec(any_fact(), 0..8), lists).prop_map(|(facts, lists)| {
        let mut live = after(facts);
        for (ids, second) in lists {
            let ids: Vec<Listed> = ids.into_iter().map(listed).collect();
            live.join(live.learned_from_list(&ids, at(second)));
        }
        live
    })
}

fn joined(mut one: Live, other: &Live) -> Live {
    one.join(other.clone());
    one
}

proptest! {
    #[test]
    fn join_is_commutative_associative_and_idempotent(a in any_live(), b in any_live(), c in any_live()) {
        prop_assert_eq!(joined(a.clone(), &b), joined(b.clone(), &a));
        prop_assert_eq!(joined(joined(a.clone(), &b), &c), joined(a.clone(), &joined(b, &c)));
        prop_assert_eq!(joined(a.clone(), &a), a);
    }

    #[test]
    fn events_in_any_order_each_once_to_three_times_end_in_one_state(
        order in Just(evening().into_iter().flat_map(|fact| vec![fact; 3]).collect::<Vec<_>>()).prop_shuffle(),
        extra in prop::collection::vec(any::<bool>(), 33),
    ) {
        let mut seen = Vec::new();
        let mut delivered = Vec::new();
        for (fact, is_repeated) in order.into_iter().zip(extra) {
            if is_repeated || !seen.contains(&fact) {
                seen.push(fact.clone());
                delivered.push(fact);
            }
        }
        prop_assert_eq!(after(delivered), after(evening()));
    }

    /// Those that are lost hold nothing up: whoever hears of them later knows the same.
    #[test]
    fn an_event_that_came_late_ends_in_the_same_state(
        order in Just(evening()).prop_shuffle(), lost in prop::collection::vec(any::<bool>(), 11),
    ) {
        let (late, early): (Vec<_>, Vec<_>) = order.into_iter().zip(lost).partition(|(_, is_lost)| *is_lost);
        let known = after(early.into_iter().map(|(fact, _)| fact));
        let late = after(late.into_iter().map(|(fact, _)| fact));
        prop_assert_eq!(joined(known, &late), after(evening()));
    }

    #[test]
    fn a_connection_that_was_destroyed_is_never_watched_again(facts in prop::collection::vec(any_fact(), 0..8), more in any_live()) {
        let mut live = after(facts);
        live.join(ended("A", 5).into());
        live.join(more);
        live.join(live.learned_from_list(&[Listed { connection_id: "A".to_owned(), playlist_url: Some("https://a".to_owned()) }], at(50)));
        prop_assert_ne!(watched(&live), Some("https://a".to_owned()));
    }
}

#[test]
fn the_newest_that_publishes_has_a_playlist_and_lives_is_watched() {
    let url = |id: &str, second: i64| Some(format!("https://p.example/{id}/{second}.m3u8"));
    assert_eq!(watched(&after([created("A", 0)])), None);
    assert_eq!(watched(&after([created("A", 0), playlist("A", 2)])), url("A", 2));
    assert_eq!(watched(&after([created("A", 0), playlist("A", 2), playlist("A", 4)])), url("A", 4));
    let both = [created("A", 0), playlist("A", 2), created("B", 5)];
    assert_eq!(watched(&after(both.clone())), url("A", 2), "the newer has nothing to show yet");
    assert_eq!(watched(&after(both.into_iter().chain([playlist("B", 6), playlist("A", 9)]))), url("B", 6));
    assert_eq!(watched(&after([created("A", 0), playlist("A", 1), created("B", 0), playlist("B", 1)])), url("B", 1));
    assert_eq!(watched(&after(evening())), url("B", 68), "the one who watches is not shown");
}

#[test]
fn a_connection_that_is_not_listed_is_dead_unless_it_is_new_or_heard_of_again() {
    let mut live = after([created("A", 0), playlist("A", 1), created("B", 95), playlist("B", 96)]);
    live.join(live.learned_from_list(&[], at(100)));
    assert_eq!(watched(&live).as_deref(), Some("https://p.example/B/96.m3u8"), "B is too new to be listed");
    live.join(live.learned_from_list(&[], at(106)));
    assert_eq!(watched(&live), None);
    live.join(fact("A", 120, News::Lives { sends: Some(true) }).into());
    assert_eq!(watched(&live).as_deref(), Some("https://p.example/A/1.m3u8"));
    live.join(live.learned_from_list(&[listed("B")], at(130)));
    assert_eq!(watched(&live).as_deref(), Some("https://p.example/B.m3u8"));
}

#[test]
fn a_list_that_says_what_is_known_changes_no_playlist() {
    let mut live = Live::default();
    live.join(live.learned_from_list(&[listed("A")], at(0)));
    let before = live.connections["A"].playlist.clone();
    live.join(live.learned_from_list(&[listed("A")], at(20)));
    assert_eq!(live.connections["A"].playlist, before);
    assert_eq!(live.connections["A"].last_sign, at(20));
}

#[test]
fn memory_is_bounded_and_forgets_the_dead_first() {
    let mut live = after([created("main", 0), playlist("main", 1)]);
    for number in 0..300 {
        let id = format!("flaps{number}");
        for fact in [created(&id, 10 + number), playlist(&id, 10 + number), ended(&id, 11 + number)] {
            live.join(fact.into());
        }
        live.join(fact(&format!("viewer{number}"), number, News::Lives { sends: Some(false) }).into());
    }
    assert_eq!(live.connections.len(), REMEMBERED);
    assert_eq!(live.watchers.len(), REMEMBERED);
    assert_eq!(watched(&live).as_deref(), Some("https://p.example/main/1.m3u8"));
    let before = live.clone();
    live.join(playlist("flaps7", 17).into());
    assert_eq!(live, before, "who was forgotten is dead");
}

#[test]
fn a_broadcast_stands_in_one_of_six_ways() {
    let interval = Interval::new(at(1000), at(2000)).unwrap();
    let overrun = TimeDelta::seconds(600);
    let [begin, go, end] = [created("A", 900), playlist("A", 903), ended("A", 1500)];
    let nobody = Live::default();
    let somebody = after([begin.clone()]);
    let playing = after([begin.clone(), go.clone()]);
    let over = after([begin, go, end]);
    let never_live = after([created("A", 900), ended("A", 1500)]);
    for (live, second, status) in [
        (&nobody, 0, Status::Scheduled),
        (&nobody, 999, Status::Scheduled),
        (&nobody, 1000, Status::Waiting),
        (&nobody, 1999, Status::Waiting),
        (&nobody, 2000, Status::Ended),
        (&somebody, 901, Status::Preparing),
        (&somebody, 1001, Status::Preparing),
        (&playing, 950, Status::Live),
        (&playing, 1500, Status::Live),
        (&playing, 2000, Status::Live),
        (&playing, 2599, Status::Live),
        (&playing, 2600, Status::Ended),
        (&over, 1500, Status::Interrupted),
        (&over, 1619, Status::Interrupted),
        (&over, 1620, Status::Waiting),
        (&over, 2000, Status::Ended),
        (&never_live, 1510, Status::Waiting),
    ] {
        assert_eq!(live.status(at(second), interval, overrun), status, "{live:?} at {second}");
    }
    let late = after([created("A", 1900), playlist("A", 1901), ended("A", 1990)]);
    assert_eq!(late.status(at(2000), interval, overrun), Status::Ended, "the end has come");
}

#[test]
fn imageflux_is_asked_when_events_do_not_tell() {
    let told = |facts: &[Fact], second| after(facts.iter().cloned()).is_doubtful(at(second));
    assert!(told(&[], 0), "no event ever came");
    assert!(told(&[fact("V", 0, News::Lives { sends: Some(false) })], 0), "viewers tell nothing of publishers");
    let (begin, go) = (created("A", 0), playlist("A", 2));
    assert!(!told(std::slice::from_ref(&begin), 2));
    assert!(told(std::slice::from_ref(&begin), 3), "its playlist is late");
    assert!(!told(&[begin.clone(), go.clone()], 61));
    assert!(told(&[begin.clone(), go.clone()], 62), "silent for a minute");
    assert!(!told(&[begin.clone(), go.clone(), fact("A", 60, News::Lives { sends: None })], 119));
    assert!(!told(&[begin.clone(), go.clone(), ended("A", 70)], 129));
    assert!(told(&[begin, go, ended("A", 70)], 130), "another may have come since, unheard");
}

#[test]
fn a_connection_that_is_gone_or_has_its_playlist_hides_no_doubt_of_an_older_one() {
    let told = |facts: &[Fact], second| after(facts.iter().cloned()).is_doubtful(at(second));
    let older = [created("A", 0), playlist("A", 2)];
    let gone = [created("B", 50), playlist("B", 51), ended("B", 55)];
    assert!(!told(&[&older[..], &gone[..]].concat(), 61));
    assert!(told(&[&older[..], &gone[..]].concat(), 62), "A is the newest that lives, and silent for a minute");
    let late = [created("A", 0), created("B", 1), playlist("B", 2)];
    assert!(!told(&late, 2));
    assert!(told(&late, 3), "the playlist of A is late, whatever B shows");
    assert!(told(&[&late[..1], &gone[..]].concat(), 56), "and though B is gone");
    assert!(!told(&[&late[..], &[ended("A", 3)]].concat(), 4), "who is gone needs none");
    let watches = fact("A", 1, News::Lives { sends: Some(false) });
    assert!(!told(&[&late[..], &[watches]].concat(), 4), "nor does who watches");
}
