//! What each value may be, tried at its edges.

use api_tests::{Actor, Answer, Product, new_schedule, new_schedule_at, new_user, unique_email};
use serde_json::{Value, json};

use crate::support::named;

async fn create(actor: &Actor, name: &str, value: impl Into<Value>) -> Answer {
    let mut user = new_user(&[]);
    user[name] = value.into();
    actor.post("/api/user", &user).await
}

async fn last_user(actor: &Actor) -> Value {
    actor.get("/api/user").await.ok().as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn a_name_is_stored_whole_in_composed_form_and_without_outer_space() {
    let product = Product::start().await;
    let master = product.master().await;
    let flag = "🏴\u{E0067}\u{E0062}\u{E007F}";
    for (given, stored) in [
        ("  \u{3000}山田 太郎\t\n", "山田 太郎"),
        ("か\u{3099}", "が"),
        ("👨\u{200D}👩\u{200D}👧\u{200D}👦", "👨\u{200D}👩\u{200D}👧\u{200D}👦"),
        (flag, flag),
        ("a\u{200F}b", "a\u{200F}b"),
        ("\u{20BB7}野家", "\u{20BB7}野家"),
        ("<script>alert('\"&')</script>", "<script>alert('\"&')</script>"),
        ("\u{FEFF}x", "\u{FEFF}x"),
        ("O\\\"/ u{0}", "O\\\"/ u{0}"),
    ] {
        create(&master, "name", given).await.ok();
        assert_eq!(last_user(&master).await["name"], stored);
    }
}

#[tokio::test]
async fn thirty_characters_are_a_name_and_thirty_one_are_not() {
    let product = Product::start().await;
    let master = product.master().await;
    for unit in ["x", "漢", "😀", "e\u{301}", "\u{1100}\u{1161}\u{11A8}"] {
        create(&master, "name", unit.repeat(30)).await.ok();
        assert_eq!(last_user(&master).await["name"].as_str().unwrap().chars().count(), 30);
        assert_eq!(create(&master, "name", unit.repeat(31)).await.invalid_fields(), named("name", "too_long"));
    }
    // What does not compose counts one by one, and a joined emoji is what it is made of.
    create(&master, "name", format!("x{}", "\u{323}".repeat(29))).await.ok();
    let joined = "👨\u{200D}👩\u{200D}👧".repeat(7);
    assert_eq!(create(&master, "name", joined).await.invalid_fields(), named("name", "too_long"));
    create(&master, "name", format!("{}x{}", " ".repeat(500), "\u{3000}".repeat(500))).await.ok();
}

#[tokio::test]
async fn a_name_that_nobody_can_see_or_that_turns_the_text_is_refused() {
    let product = Product::start().await;
    let master = product.master().await;
    for name in
        ["", " ", "\u{3000}\u{A0}", "\u{200B}", "\u{2060}\u{FEFF}", "\u{2800}", "\u{3164}", "\u{AD}", "\u{E0020}"]
    {
        assert_eq!(create(&master, "name", name).await.invalid_fields(), named("name", "blank"), "{name:?}");
    }
    for name in ["a\u{0}b", "a\nb", "a\tb", "a\u{7F}", "a\u{85}b", "a\u{1B}[31m"] {
        assert_eq!(
            create(&master, "name", name).await.invalid_fields(),
            named("name", "control_character"),
            "{name:?}"
        );
    }
    for name in ["a\u{202A}", "\u{202E}a", "a\u{2066}b", "a\u{2069}"] {
        let fields = create(&master, "name", name).await.invalid_fields();
        assert_eq!(fields, named("name", "bidirectional_control"), "{name:?}");
    }
    for name in [json!(1), json!(true), json!(["x"]), json!({"x": 1})] {
        assert_eq!(create(&master, "name", name).await.invalid_fields(), named("name", "wrong_type"));
    }
}

#[tokio::test]
async fn an_email_is_compared_without_case_and_printed_as_typed() {
    let product = Product::start().await;
    let master = product.master().await;
    create(&master, "email", "  Some.One+Tag@Example.JP ").await.ok();
    assert_eq!(last_user(&master).await["email"], "Some.One+Tag@Example.JP");
    create(&master, "email", "some.one+tag@example.jp").await.refused(409, "email_taken");
    create(&master, "email", "some.one@example.jp").await.ok();
    create(&master, "email", "IMAGEFLUX@EXAMPLE.COM").await.refused(409, "email_taken");
    for email in
        ["x", "x@localhost", "@x.jp", "x@x..jp", "a@b@c.jp", "x y@x.jp", "あ@x.jp", "x@あ.jp", "x@x.jp\u{0}", ""]
    {
        assert_eq!(create(&master, "email", email).await.invalid_fields(), named("email", "not_an_email"), "{email}");
    }
    let domain = [["d"; 60].concat(), ["d"; 60].concat(), "jp".to_owned()].join(".");
    let local = "l".repeat(253 - domain.len());
    create(&master, "email", format!("{local}@{domain}")).await.ok();
    assert_eq!(create(&master, "email", format!("l{local}@{domain}")).await.invalid_fields()[0].0, "email");
    assert_eq!(create(&master, "email", "x".repeat(60_000)).await.invalid_fields()[0].0, "email");
}

#[tokio::test]
async fn a_password_has_8_to_128_characters_and_all_its_bytes_count() {
    let product = Product::start().await;
    let master = product.master().await;
    for (password, code) in [
        ("1234567".to_owned(), "too_short"),
        ("x".repeat(129), "too_long"),
        (" ".repeat(8), "blank"),
        ("\u{3000}".repeat(20), "blank"),
        ("\u{200B}".repeat(8), "blank"),
        ("\u{2800}\u{3164}\u{AD}\u{2060} \u{FEFF}\u{E0020}\u{A0}".to_owned(), "blank"),
        ("e\u{301}".repeat(7), "too_short"),
        (String::new(), "too_short"),
    ] {
        assert_eq!(create(&master, "password", password.clone()).await.invalid_fields(), named("password", code));
        let change = json!({"password": password});
        assert_eq!(master.patch("/api/password", &change).await.invalid_fields(), named("password", code));
        let change = json!({"user_id": 1, "password": password});
        assert_eq!(master.patch("/api/user", &change).await.invalid_fields(), named("password", code));
    }
    for (password, similar) in [
        ("12345678".to_owned(), "123456789".to_owned()),
        (" spaces ".to_owned(), "spaces".to_owned()),
        ("x".repeat(128), "x".repeat(127)),
        (format!("{}A", "x".repeat(100)), format!("{}B", "x".repeat(100))),
        ("null\u{0}byte A".to_owned(), "null\u{0}byte B".to_owned()),
    ] {
        let email = unique_email();
        let mut user = new_user(&[]);
        (user["email"], user["password"]) = (json!(email), json!(password));
        let id = master.post("/api/user", &user).await.ok()["user_id"].as_i64().unwrap();
        product.log_in(&email, &password, "0987654321", id).await;
        let login = json!({"email": email, "password": similar, "access_code": "0987654321"});
        master.post("/api/login", &login).await.refused(401, "login_failed");
    }
    let presenter = product.presenter().await;
    presenter.patch("/api/password", &json!({"password": "pa\u{308}ssword"})).await.ok();
    product.log_in(&presenter.email, "pässword", "0987654321", presenter.user_id).await;
}

#[tokio::test]
async fn every_spelling_of_a_date_that_is_printed_can_be_sent() {
    let product = Product::start().await;
    let master = product.master().await;
    for (day, [start, end]) in [
        ["2030/01/01 10:00:00", "2030/01/01 11:00:00"],
        ["2030-01-02 10:00:00", "2030-01-02T11:00:00"],
        ["2030-01-03T10:00:00", "2030/01/03 11:00:00"],
    ]
    .into_iter()
    .enumerate()
    {
        master.post("/api/schedule", &new_schedule_at(start, end)).await.ok();
        let listed = master.get("/api/schedule").await.ok()[0].clone();
        assert_eq!(listed["start_datetime"], format!("2030-01-{:02}T10:00:00", day + 1));
    }
    for [start, end] in [
        ["1970/01/01 00:00:00", "1970/01/01 00:00:01"],
        ["9999/12/31 23:59:58", "9999/12/31 23:59:59"],
        ["2024/02/29 00:00:00", "2024/03/01 00:00:00"],
        ["2031/12/31 23:59:59", "2032/01/01 00:00:00"],
    ] {
        master.post("/api/schedule", &new_schedule_at(start, end)).await.ok();
    }
    let list = master.get("/api/schedule").await.ok();
    let starts: Vec<_> = list.as_array().unwrap().iter().map(|row| row["start_datetime"].as_str().unwrap()).collect();
    assert!(starts.is_sorted_by(|left, right| left > right), "{starts:?}");
    assert_eq!((starts[0], *starts.last().unwrap()), ("9999-12-31T23:59:58", "1970-01-01T00:00:00"));
}

#[tokio::test]
async fn no_other_spelling_of_a_date_is_accepted() {
    let product = Product::start().await;
    let master = product.master().await;
    for date in [
        "",
        "2030/1/1 10:00:00",
        "2030/01/01 10:00",
        "2030/01/01",
        "2030/01/01 10:00:60",
        "2030/01/01 24:00:00",
        "2030/02/29 10:00:00",
        "2030/04/31 10:00:00",
        "2030/13/01 10:00:00",
        "1969/12/31 23:59:59",
        "10000/01/01 00:00:00",
        "2030/01/01T10:00:00",
        "2030-01/01 10:00:00",
        "2030/01/01\t10:00:00",
        "2030/01/01 10:00:00 ",
        "2030-01-01T10:00:00Z",
        "2030-01-01T10:00:00+09:00",
        "2030/01/01 １0:00:00",
        "now",
    ] {
        let mut schedule = new_schedule(1);
        schedule["start_datetime"] = json!(date);
        let fields = master.post("/api/schedule", &schedule).await.invalid_fields();
        assert_eq!(fields, named("start_datetime", "not_a_datetime"), "{date}");
    }
    let epoch = json!(1_893_423_600);
    let mut schedule = new_schedule(1);
    schedule["end_datetime"] = epoch;
    assert_eq!(master.post("/api/schedule", &schedule).await.invalid_fields(), named("end_datetime", "wrong_type"));
    for [start, end] in [["2030/01/01 10:00:00", "2030/01/01 10:00:00"], ["2030/01/01 10:00:01", "2030-01-01 10:00:00"]]
    {
        let answer = master.post("/api/schedule", &new_schedule_at(start, end)).await;
        assert_eq!(answer.invalid_fields(), named("end_datetime", "not_after_start"));
    }
}

#[tokio::test]
async fn every_failing_field_is_named_at_once_in_both_languages() {
    let product = Product::start().await;
    let master = product.master().await;
    let wrong = json!({"name": "", "email": "x", "password": "short", "delivery": "yes", "view": null, "user": 2});
    let expected = [
        ("name", "blank"),
        ("email", "not_an_email"),
        ("password", "too_short"),
        ("delivery", "wrong_type"),
        ("view", "null"),
        ("schedule", "missing"),
        ("user", "wrong_type"),
    ];
    for (language, is_english) in [("ja", false), ("en-US,en;q=0.9,ja;q=0.1", true), ("", false), ("fr", false)] {
        let headers = [("accept-language", language)];
        let body = Some(wrong.to_string().into_bytes());
        let answer = master.send(reqwest::Method::POST, "/api/user", &headers, body).await;
        let problem = answer.json();
        let texts: Vec<&str> = [&problem["title"], &problem["detail"]]
            .into_iter()
            .chain(problem["errors"].as_array().unwrap().iter().map(|error| &error["message"]))
            .map(|text| text.as_str().unwrap())
            .collect();
        assert!(texts.iter().all(|text| text.is_ascii() == is_english), "{texts:?}");
        let fields = answer.invalid_fields();
        let fields: Vec<_> = fields.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(fields, expected);
    }
}
