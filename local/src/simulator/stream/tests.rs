use std::time::Duration;

use super::{CLIP, HEAD_START, WINDOW, live_playlist, place_in_clip};

/// What a player reads: of each segment its number, and how many discontinuities lie before it since the beginning.
fn read(playlist: &str) -> Vec<(u64, u64)> {
    let tag = |name: &str| {
        let line = playlist.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.parse::<u64>().expect(name)
    };
    let mut number = tag("#EXT-X-MEDIA-SEQUENCE:");
    let mut discontinuities = tag("#EXT-X-DISCONTINUITY-SEQUENCE:");
    let mut segments = Vec::new();
    for line in playlist.lines() {
        if line == "#EXT-X-DISCONTINUITY" {
            discontinuities += 1;
        } else if let Some(name) = line.strip_suffix(".ts") {
            assert_eq!(name.parse(), Ok(number), "segments are named by their number");
            segments.push((number, discontinuities));
            number += 1;
        }
    }
    segments
}

#[test]
fn playlist_starts_with_enough_to_begin() {
    let segments = read(&live_playlist(Duration::ZERO));
    assert_eq!(segments, [(0, 0), (1, 0), (2, 0)]);
}

#[test]
fn playlist_moves_on_by_a_segment_a_second() {
    let first = read(&live_playlist(Duration::from_millis(9_999)));
    let later = read(&live_playlist(Duration::from_secs(10)));
    assert_eq!(first.len() as u64, WINDOW);
    assert_eq!(first[1..], later[..later.len() - 1]);
    assert_eq!(later.last().unwrap().0, HEAD_START + 10 - 1);
}

#[test]
fn segment_keeps_its_place_in_time_as_long_as_it_is_listed() {
    let clip = CLIP.len() as u64;
    let mut seen = 0;
    for second in 0..5 * clip {
        for (number, discontinuities) in read(&live_playlist(Duration::from_secs(second))) {
            assert_eq!(discontinuities, number / clip, "segment {number} after {second} s");
            seen = seen.max(number);
        }
    }
    assert!(seen > 4 * clip, "the clip came round");
}

#[test]
fn discontinuity_is_told_where_the_clip_starts_again() {
    let clip = CLIP.len() as u64;
    for second in 0..5 * clip {
        let playlist = live_playlist(Duration::from_secs(second));
        let lines: Vec<&str> = playlist.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(number) = line.strip_suffix(".ts").and_then(|number| number.parse::<u64>().ok()) else { continue };
            let is_told = lines[at - 2] == "#EXT-X-DISCONTINUITY";
            assert_eq!(is_told, number > 0 && place_in_clip(number) == 0, "{playlist}");
        }
    }
}

#[test]
fn no_segment_is_longer_than_the_target() {
    let playlist = live_playlist(Duration::from_secs(100));
    let target: f64 =
        playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:")).unwrap().parse().unwrap();
    let longest = playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(','));
    assert!(longest.map(|seconds| seconds.parse::<f64>().unwrap()).all(|seconds| seconds.round() <= target));
}

#[test]
fn every_segment_of_the_clip_is_a_transport_stream() {
    for segment in CLIP {
        assert!(segment.len() % 188 == 0 && segment.chunks(188).all(|packet| packet[0] == 0x47));
    }
}
