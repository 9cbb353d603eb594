//! The local server is killed in the middle of mixed writes, again and again, and loses nothing it acknowledged.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_tests::{Actor, hls};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use local::demo;
use reqwest::Method;
use serde_json::{Value, json};
use shared::platform::random::Random;

const KILLS: u32 = 20;
const WRITERS: u64 = 4;
/// Schedules are planned within so many hours, so that they get into each other's way.
const HOURS: u64 = 60;

/// What the client knows of a schedule: where an acknowledged write put it, or that nobody answered.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    At(String, String),
    Deleted,
    Uncertain,
}

type Book = Arc<Mutex<BTreeMap<String, Known>>>;

/// The binary, running, until it is killed.
struct Product {
    process: Child,
    url: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_under_kill_9() {
    let folder = std::env::temp_dir().join(format!("imageflux-option-crash-{}", std::process::id()));
    let book = Book::default();
    // The clock of each run starts a minute after that of the run before: leases end in between.
    let mut now = DateTime::parse_from_rfc3339("2029-12-01T00:00:00Z").unwrap().to_utc();
    for round in 0..KILLS {
        let product = Product::start(&folder, now);
        let master = log_in(&product.url).await;
        check(&master, &book).await;
        check_trail(&master).await;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| write(master.clone(), book.clone(), Random::from_seed(u64::from(round) * WRITERS + writer)))
            .collect();
        let pause = Duration::from_millis(150 + 20 * u64::from(round));
        let _cut_off = tokio::time::timeout(pause, join_all(writers)).await;
        product.kill();
        now += TimeDelta::minutes(1);
    }
    now += TimeDelta::minutes(5);
    one_channel_for_each_schedule(&folder, now, &book).await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// After sweeps, and two looks at the account a quarter of an hour apart, nothing is left over on either side.
async fn one_channel_for_each_schedule(folder: &Path, now: DateTime<Utc>, book: &Book) {
    for later in [0, 16] {
        let product = Product::start(folder, now + TimeDelta::minutes(later));
        let master = log_in(&product.url).await;
        check(&master, book).await;
        check_trail(&master).await;
        for event in [json!({}), json!({"action": "reconcile"})] {
            let path = "/2015-03-31/functions/sweeper/invocations";
            let answer = master.post(path, &event).await;
            assert!(answer.status.is_success() && !answer.headers.contains_key("x-amz-function-error"), "{answer:?}");
        }
        if later > 0 {
            let schedules = master.get("/api/schedule").await.ok();
            let mut expected = Vec::new();
            for schedule in schedules.as_array().unwrap() {
                let id = schedule["schedule_id"].as_str().unwrap();
                let delivery = master.get(&format!("/api/delivery?schedule_id={id}")).await.ok();
                expected.push(delivery["channel_id"].as_str().unwrap().to_owned());
            }
            expected.sort();
            let channels = master.get("/simulator/channels").await.json();
            let channels: Vec<String> = channels.as_object().unwrap().keys().cloned().collect();
            assert_eq!(channels, expected, "one channel for each schedule, and no other");
            assert!(expected.len() > 5, "the writers got something done");
        }
        product.kill();
    }
}

/// What is listed is disjoint, and agrees with every acknowledgement.
async fn check(master: &Actor, book: &Book) {
    let list = master.get("/api/schedule").await.ok();
    let mut listed = BTreeMap::new();
    for schedule in list.as_array().unwrap() {
        let text = |name: &str| schedule[name].as_str().unwrap().to_owned();
        listed.insert(text("schedule_id"), (text("start_datetime"), text("end_datetime")));
    }
    let mut intervals: Vec<&(String, String)> = listed.values().collect();
    intervals.sort();
    for pair in intervals.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{pair:?} overlap");
    }
    let mut book = book.lock().unwrap();
    for (id, known) in book.iter_mut() {
        match known {
            Known::At(start, end) => assert_eq!(listed.get(id), Some(&(start.clone(), end.clone())), "{id} is lost"),
            Known::Deleted => assert!(!listed.contains_key(id), "{id} came back"),
            Known::Uncertain => {}
        }
        if *known == Known::Uncertain {
            *known = listed.get(id).map_or(Known::Deleted, |(start, end)| Known::At(start.clone(), end.clone()));
        }
    }
}

/// Each change that is there left one row, and each row is of a change that is there.
async fn check_trail(master: &Actor) {
    let calendar = master.post("/api/calendar", &json!({})).await.ok()["calendar_url"].as_str().unwrap().to_owned();
    let path = &calendar[calendar.find("/calendar/").unwrap()..];
    let feed = master.anonymous().get(path).await;
    assert_eq!(feed.status, 200);
    // How often each schedule was changed since it was made.
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut id = "";
    for line in feed.text.lines() {
        id = line.strip_prefix("UID:").unwrap_or(id);
        if let Some(revision) = line.strip_prefix("SEQUENCE:") {
            found.insert(id.to_owned(), revision.parse().unwrap());
        }
    }
    let told = told_by_the_trail(master).await;
    for (id, (made, _, deleted)) in &told {
        assert_eq!(*made, 1, "{id}: made in so many rows");
        assert_eq!(*deleted, usize::from(!found.contains_key(id)), "{id}: deleted in so many rows");
    }
    let told: BTreeMap<String, usize> = told
        .into_iter()
        .filter(|(_, (_, _, deleted))| *deleted == 0)
        .map(|(id, (_, changed, _))| (id, changed))
        .collect();
    assert_eq!(told, found, "changes by the trail, and by the schedules");
}

/// How many rows say that each schedule was made, changed and deleted.
async fn told_by_the_trail(master: &Actor) -> BTreeMap<String, (usize, usize, usize)> {
    let mut told: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    let mut page = "/api/audit".to_owned();
    loop {
        let answer = master.get(&page).await;
        let link = answer.header("link");
        for row in answer.ok().as_array().unwrap() {
            let Some(id) = row["target"].as_str().unwrap().strip_prefix("schedule/") else { continue };
            let (made, changed, deleted) = told.entry(id.to_owned()).or_default();
            match row["action"].as_str().unwrap() {
                "create_schedule" => *made += 1,
                "update_schedule" => *changed += 1,
                "delete_schedule" => *deleted += 1,
                other => panic!("nobody did {other}"),
            }
        }
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split('>').next()) else { return told };
        next.clone_into(&mut page);
    }
}

/// Creates, moves and deletes until it is cut off.
async fn write(master: Actor, book: Book, random: Random) {
    loop {
        let hour = random.below(HOURS);
        let (start, end) = (at(hour), at(hour + 1 + random.below(2)));
        let mine: Vec<String> = book.lock().unwrap().keys().cloned().collect();
        let some = (!mine.is_empty()).then(|| mine[usize::try_from(random.below(mine.len() as u64)).unwrap()].clone());
        match (random.below(4), some) {
            (0, Some(id)) => {
                let body = json!({"schedule_id": id, "name": "moved", "start_datetime": start, "end_datetime": end});
                change(&master, &book, &id, Method::PATCH, &body, Known::At(with_t(&start), with_t(&end))).await;
            }
            (1, Some(id)) => {
                change(&master, &book, &id, Method::DELETE, &json!({"schedule_id": id}), Known::Deleted).await;
            }
            _ => {
                let body =
                    json!({"name": "new", "start_datetime": start, "end_datetime": end, "imageflux_params": hls()});
                let answer = master.try_send(Method::POST, "/api/schedule", &[], Some(body.to_string().into())).await;
                if let Ok(answer) = answer.as_ref().map(|answer| answer.status.is_success().then(|| answer.json())) {
                    let id = answer.and_then(|answer: Value| Some(answer["schedule_id"].as_str()?.to_owned()));
                    if let Some(id) = id {
                        book.lock().unwrap().insert(id, Known::At(with_t(&start), with_t(&end)));
                    }
                }
            }
        }
    }
}

/// One write on a schedule, which is uncertain while it is under way. Writers do not share a schedule.
async fn change(master: &Actor, book: &Book, id: &str, method: Method, body: &Value, then: Known) {
    let before = match book.lock().unwrap().insert(id.to_owned(), Known::Uncertain) {
        Some(Known::Uncertain) | None => return,
        Some(before) => before,
    };
    let answer = master.try_send(method, "/api/schedule", &[], Some(body.to_string().into())).await;
    let after = match answer {
        Ok(answer) if answer.status.is_success() => then,
        Ok(answer) if answer.status.is_client_error() => before,
        _ => return,
    };
    book.lock().unwrap().insert(id.to_owned(), after);
}

impl Product {
    fn start(folder: &Path, now: DateTime<Utc>) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["--listen", "127.0.0.1:0", "--now", &now.to_rfc3339(), "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("a ready line").to_owned();
        // Somebody has to read the log, or the server waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self { process, url }
    }

    /// `SIGKILL`: no chance to clean up.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

async fn log_in(url: &str) -> Actor {
    let mut master = Actor::at(url);
    master.email = demo::EMAIL.into();
    master.password = demo::PASSWORD.into();
    master.access_code = demo::ACCESS_CODE.into();
    master.token = Some(master.new_token().await);
    master
}

fn at(hour: u64) -> String {
    api_tests::at_hour(u32::try_from(hour).unwrap())
}

/// As the list prints what was sent with slashes.
fn with_t(text: &str) -> String {
    text.replace('/', "-").replace(' ', "T")
}
