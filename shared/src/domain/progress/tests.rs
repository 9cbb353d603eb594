use super::super::message::mark_deleted;
use super::super::message::tests::{deletion, entry};
use super::*;

fn everything(_: Told<'_>) -> bool {
    true
}

fn ids(entries: &[Entry]) -> BTreeSet<MessageId> {
    entries.iter().map(Entry::id).collect()
}

/// What a reader is given of what is there at a time, read in one piece.
fn look(progress: &Progress, there: &[Entry], limit: usize, now: i64) -> (usize, Vec<MessageId>, Progress) {
    let mut read: Vec<Entry> =
        there.iter().filter(|entry| entry.made_at() > progress.watermark && entry.made_at() <= now).cloned().collect();
    mark_deleted(&mut read);
    let given = progress.giving(&read, limit, everything, now);
    (given.messages.len(), given.deleted, given.progress)
}

#[test]
fn the_watermark_stays_below_what_may_still_appear() {
    let now = 1_000_000;
    let (old, young) = (entry(now - SETTLED_AFTER, 1), entry(now - SETTLED_AFTER + 1, 2));
    let progress = Progress::default().advanced(&[old, young.clone()], None, now);
    assert_eq!(progress.watermark, now - SETTLED_AFTER);
    assert_eq!(progress.given, ids(&[young]));
}

#[test]
fn the_watermark_never_passes_a_message_that_was_not_given() {
    let progress = Progress::default().advanced(&[entry(100, 1)], Some(&entry(200, 2)), 1_000_000);
    assert_eq!(progress, Progress { watermark: 199, ..Progress::default() });
}

#[test]
fn the_watermark_never_falls_though_the_answer_was_read_earlier() {
    let given = entry(999_500, 1);
    let before = Progress {
        watermark: 995_000,
        given: ids(&[given.clone(), entry(994_000, 2)]),
        since: entry(7, 7).id(),
        begun: 7,
    };
    let after = before.giving(&[], 0, everything, 999_000).progress;
    assert_eq!(after, Progress { given: ids(&[given]), ..before });
}

#[test]
fn a_full_cursor_waits_for_the_watermark_and_loses_nothing() {
    let made = 1_000_000;
    let entries: Vec<_> = (0..1_000).map(|seed| entry(made + i64::from(seed) / 10, seed)).collect();
    let (mut now, mut progress, mut given) = (made + 200, Progress::default(), 0);
    while given < entries.len() {
        let next = progress.giving(&entries[given..], entries.len(), everything, now);
        assert!(next.progress.given.len() <= MOST_GIVEN);
        assert!(!next.messages.is_empty() || now < made + 200 + SETTLED_AFTER);
        for message in next.messages {
            assert_eq!(message.id, entries[given].id());
            given += 1;
        }
        (progress, now) = (next.progress, now + 1_000);
    }
    assert!(now <= made + 200 + SETTLED_AFTER + 3_000);
}

#[test]
fn a_first_look_goes_on_behind_what_it_showed() {
    let entries: Vec<_> = (0..10).map(|seed| entry(1_000_000 + 1_000 * i64::from(seed), seed)).collect();
    let all = Progress::of_newest(&entries, false, 1_010_000);
    assert_eq!((all.messages.len(), all.progress.watermark, all.progress.given.len()), (10, 1_005_000, 4));
    assert_eq!(all.progress.since, MessageId::NIL);
    let newest = Progress::of_newest(&entries[8..], true, 1_010_000);
    assert_eq!((newest.messages.len(), newest.progress.watermark, newest.progress.given.len()), (2, 1_007_999, 2));
    assert_eq!(newest.progress.since, entries[8].id());
    let nothing = Progress::of_newest(&[], false, 1_010_000).progress;
    assert_eq!((nothing.watermark, nothing.since), (1_005_000, MessageId::NIL));
    let crowd: Vec<_> = (0..500).map(|seed| entry(1_009_000 + i64::from(seed), seed)).collect();
    let full = Progress::of_newest(&crowd, false, 1_010_000);
    assert_eq!((full.messages.len(), full.progress.given.len()), (MOST_GIVEN, MOST_GIVEN));
    assert_eq!(full.progress.since, crowd[130].id());
}

#[test]
fn whoever_was_given_a_message_is_told_once_that_it_is_gone() {
    let (old, young) = (entry(500_000, 1), entry(999_000, 2));
    let there = [old.clone(), young.clone(), deletion(1_000_500, 3, &old), deletion(1_000_600, 4, &young)];
    let (shown, told, mut progress) = look(&Progress::from_the_beginning(1_000_000), &there, 100, 1_000_000);
    assert_eq!((shown, told), (2, vec![]));
    let mut told = Vec::new();
    for now in (1_000_000..1_020_000).step_by(250) {
        let (shown, deleted, next) = look(&progress, &there, 100, now);
        assert_eq!(shown, 0);
        told.extend(deleted);
        progress = next;
    }
    assert_eq!(told, [old.id(), young.id()]);
}

#[test]
fn whoever_reads_message_and_deletion_together_hears_of_neither_also_from_an_older_read() {
    let message = entry(999_000, 1);
    let gone = deletion(1_000_000, 2, &message);
    let both = [message.clone(), gone];
    let (shown, told, progress) = look(&Progress::from_the_beginning(990_000), &both, 100, 1_000_100);
    assert_eq!((shown, told), (0, vec![]));
    // Another environment read before the deletion.
    let given = progress.giving(&[message], 100, everything, 999_900);
    assert_eq!((given.messages, given.deleted), (vec![], vec![]));
    let (shown, told, _) = look(&given.progress, &both, 100, 1_001_000);
    assert_eq!((shown, told), (0, vec![]));
}

#[test]
fn whoever_passed_a_deleted_message_on_the_way_is_not_told_when_its_deletion_comes() {
    let messages: Vec<_> = (1..=6).map(|seed| entry(100_000 * i64::from(seed), seed)).collect();
    let mut there = messages.clone();
    // The second was deleted before anybody began to read, the fourth and the first while somebody reads one by one.
    there.push(deletion(700_000, 7, &messages[1]));
    let mut progress = Progress::from_the_beginning(900_000);
    let (mut shown, mut told) = (0, Vec::new());
    for step in 0..12_i64 {
        if step == 1 {
            there.push(deletion(900_500, 8, &messages[3]));
            there.push(deletion(900_600, 9, &messages[0]));
        }
        let mut marked = there.clone();
        mark_deleted(&mut marked);
        let given = progress.giving(&page(&progress, &marked, 1), 1, everything, 901_000 + step * 1_000);
        shown += given.messages.len();
        told.extend(given.deleted);
        progress = given.progress;
    }
    assert_eq!((shown, told), (4, vec![messages[0].id()]), "one of them was seen before it was deleted");
}

#[test]
fn a_first_look_is_not_told_of_what_is_older_than_it() {
    let (old, shown) = (entry(900_000, 1), entry(990_000, 2));
    let look_at = Progress::of_newest(std::slice::from_ref(&shown), true, 1_000_000);
    let there = [old.clone(), shown.clone(), deletion(1_000_500, 3, &old), deletion(1_000_600, 4, &shown)];
    let (_, told, _) = look(&look_at.progress, &there, 100, 1_001_000);
    assert_eq!(told, [shown.id()]);
}

#[test]
fn a_reader_is_never_held_up_by_deletions_that_lie_ahead() {
    let mut there: Vec<_> = (1..=1_000).map(|seed| entry(1_000 * i64::from(seed), seed)).collect();
    let every_other = there.iter().step_by(2);
    let deletions: Vec<_> = (0..).zip(every_other).map(|(seed, of)| deletion(5_000_000, seed, of)).collect();
    there.extend(deletions);
    mark_deleted(&mut there);
    let (mut progress, mut shown) = (Progress::from_the_beginning(4_900_000), 0);
    for second in 0..600 {
        let given = progress.giving(&page(&progress, &there, 1), 1, everything, 5_002_000 + second * 1_000);
        assert!(given.progress.given.len() <= MOST_GIVEN);
        shown += given.messages.len();
        progress = given.progress;
    }
    assert_eq!(shown, 500);
}

/// What is read for a page: on and on until there is one message more than asked for, or no more entry.
fn page(progress: &Progress, there: &[Entry], limit: usize) -> Vec<Entry> {
    let (mut page, mut shown) = (Vec::new(), 0);
    for entry in there.iter().filter(|entry| entry.made_at() > progress.watermark) {
        page.push(entry.clone());
        shown += usize::from(matches!(progress.tells(entry), Some(Told::Message(_))));
        if shown > limit {
            break;
        }
    }
    page
}
