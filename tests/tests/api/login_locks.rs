//! How often a log-in may fail, for whom and from where: guessing is slow, and nobody is shut out by others.

use std::time::Duration;

use api_tests::{Product, new_user, unique_email};
use futures_util::future::join_all;
use local::functions;
use serde_json::{Value, json};
use shared::app::App;
use shared::crypto::passwords::Cost;

/// A tenant whose passwords are hashed in no time, since here it matters what is counted.
struct Tenant {
    product: Product,
    app: App,
    email: String,
}

const PASSWORD: &str = "Password789";
const CODE: &str = "the code";

impl Tenant {
    async fn start() -> Self {
        let product = Product::start().await;
        let app = App { hashing: Cost::Trifling, ..product.server.app.clone() };
        let email = unique_email();
        let master = json!({"name": "m", "email": email, "password": PASSWORD});
        let event = json!({"action": "create_tenant", "name": "t", "access_code": CODE, "master": master});
        let tenant = Self { product, app, email };
        tenant.invoke("tenant", event).await;
        tenant
    }

    async fn invoke(&self, function: &str, event: Value) -> Value {
        functions::invoke(&self.app, functions::named(function).unwrap(), event).await.unwrap()
    }

    async fn post(&self, path: &str, source: &str, token: &str, body: Value) -> Value {
        self.invoke(
            functions::behind(path),
            json!({
                "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
                "headers": {"authorization": format!("Bearer {token}")},
                "requestContext": {"http": {"method": "POST", "path": path, "sourceIp": source}, "requestId": "r",
                                   "stage": "$default"},
                "body": body.to_string(), "isBase64Encoded": false,
            }),
        )
        .await
    }

    /// The status, and the seconds to wait when there is something to wait for.
    async fn log_in(&self, source: &str, email: &str, password: &str, access_code: &str) -> (u64, u64) {
        let form = json!({"email": email, "password": password, "access_code": access_code});
        let answer = self.post("/api/login", source, "", form).await;
        let wait = answer["headers"]["retry-after"].as_str().map_or(0, |seconds| seconds.parse().unwrap());
        (answer["statusCode"].as_u64().unwrap(), wait)
    }

    async fn fail(&self, source: &str, email: &str) -> u64 {
        self.log_in(source, email, "Password000", CODE).await.0
    }

    async fn fail_times(&self, times: usize, source: &str, email: &str) {
        for _ in 0..times {
            assert_eq!(self.fail(source, email).await, 401);
        }
    }

    /// The master, with all three right.
    async fn succeed(&self, source: &str) -> u64 {
        self.log_in(source, &self.email, PASSWORD, CODE).await.0
    }

    async fn unlock(&self, what: Value) -> Result<Value, String> {
        let mut event = what;
        event["action"] = json!("unlock");
        functions::invoke(&self.app, functions::named("tenant").unwrap(), event).await
    }
}

fn source(number: usize) -> String {
    format!("198.51.{}.{}", 100 + number / 250, 1 + number % 250)
}

const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

#[tokio::test]
async fn ten_failures_of_a_pair_close_that_pair_alone() {
    let tenant = Tenant::start().await;
    tenant.fail_times(10, HOME, &tenant.email).await;
    let (status, wait) = tenant.log_in(HOME, &tenant.email, PASSWORD, CODE).await;
    assert!(status == 429 && (880..=900).contains(&wait), "{status} {wait}");
    assert_eq!(tenant.succeed(ELSEWHERE).await, 200);
    assert_eq!(tenant.fail(HOME, &unique_email()).await, 401);
    tenant.product.advance(Duration::from_secs(wait));
    assert_eq!(tenant.succeed(HOME).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_guesses_at_once_are_answered_ten_times_at_most() {
    let tenant = Tenant::start().await;
    // The last one is right; it may come in time, but then it is no guess too many.
    let passwords = (0..40).map(|guess| if guess == 39 { PASSWORD.to_owned() } else { format!("Password{guess:03}x") });
    let passwords: Vec<String> = passwords.collect();
    let guesses = passwords.iter().map(|password| tenant.log_in(HOME, &tenant.email, password, CODE));
    let answers = join_all(guesses).await;
    let count = |status: u64| answers.iter().filter(|answer| answer.0 == status).count();
    assert!(count(401) <= 10, "{}", count(401));
    assert_eq!(count(401) + count(429) + count(200), 40, "{answers:?}");
    assert!(answers.iter().filter(|answer| answer.0 == 429).all(|answer| answer.1 > 0));
}

#[tokio::test]
async fn the_window_slides_and_retry_after_tells_when_it_lets_go() {
    let tenant = Tenant::start().await;
    tenant.fail_times(5, HOME, &tenant.email).await;
    tenant.product.advance(Duration::from_mins(10));
    tenant.fail_times(5, HOME, &tenant.email).await;
    let (status, wait) = tenant.log_in(HOME, &tenant.email, PASSWORD, CODE).await;
    assert!(status == 429 && (200..=300).contains(&wait), "{status} {wait}");
    tenant.product.advance(Duration::from_secs(wait - 20));
    assert_eq!(tenant.fail(HOME, &tenant.email).await, 429);
    tenant.product.advance(Duration::from_secs(20));
    tenant.fail_times(5, HOME, &tenant.email).await;
    assert_eq!(tenant.fail(HOME, &tenant.email).await, 429);
}

#[tokio::test]
async fn a_success_clears_its_pair_again_and_again() {
    let tenant = Tenant::start().await;
    for _ in 0..3 {
        tenant.fail_times(9, HOME, &tenant.email).await;
        assert_eq!(tenant.succeed(HOME).await, 200);
    }
    tenant.fail_times(10, HOME, &tenant.email).await;
    assert_eq!(tenant.succeed(HOME).await, 429);
}

#[tokio::test]
async fn all_addresses_of_an_ipv6_network_are_one_source_and_a_mapped_one_is_its_ipv4() {
    let tenant = Tenant::start().await;
    for host in 0..10 {
        tenant.fail_times(1, &format!("2001:db8:0:1::{host}"), &tenant.email).await;
        tenant.fail_times(1, if host % 2 == 0 { "203.0.113.9" } else { "::ffff:203.0.113.9" }, &tenant.email).await;
    }
    assert_eq!(tenant.succeed("2001:0db8:0:1:ffff:ffff:ffff:ffff").await, 429);
    assert_eq!(tenant.succeed("203.0.113.9").await, 429);
    assert_eq!(tenant.succeed("2001:db8:0:2::1").await, 200);
}

#[tokio::test]
async fn a_thousand_strangers_never_delay_the_owner_at_a_known_place() {
    let tenant = Tenant::start().await;
    assert_eq!(tenant.succeed(HOME).await, 200);
    let mut guesses = 0;
    for stranger in 0..1_000 {
        guesses += u64::from(tenant.fail(&source(stranger), &tenant.email).await == 401);
        if stranger % 50 == 0 {
            assert_eq!(tenant.succeed(HOME).await, 200, "after {stranger} strangers");
        }
    }
    assert_eq!(guesses, 100);
    // Whoever mistypes there is not worse off for it, and a place that is not known waits.
    tenant.fail_times(9, HOME, &tenant.email).await;
    assert_eq!(tenant.succeed(HOME).await, 200);
    let (status, wait) = tenant.log_in(ELSEWHERE, &tenant.email, PASSWORD, CODE).await;
    assert!(status == 429 && wait <= 900, "{status} {wait}");
    tenant.product.advance(Duration::from_mins(15));
    assert_eq!(tenant.succeed(ELSEWHERE).await, 200);
}

#[tokio::test]
async fn a_place_is_known_for_thirty_days() {
    let tenant = Tenant::start().await;
    assert_eq!(tenant.succeed(HOME).await, 200);
    for (days, status) in [(29, 200), (31, 429)] {
        tenant.product.advance(Duration::from_hours(24 * days));
        for stranger in 0..100 {
            tenant.fail_times(1, &source(stranger), &tenant.email).await;
        }
        assert_eq!(tenant.succeed(HOME).await, status);
    }
}

#[tokio::test]
async fn in_an_office_of_three_hundred_nobody_with_the_right_three_is_refused() {
    let tenant = Tenant::start().await;
    let form = json!({"email": tenant.email, "password": PASSWORD, "access_code": CODE});
    let answer = tenant.post("/api/login", ELSEWHERE, "", form).await;
    let answer: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let mut people = Vec::new();
    for _ in 0..300 {
        let mut user = new_user(&["view"]);
        user["password"] = json!(PASSWORD);
        tenant.post("/api/user", ELSEWHERE, answer["token"].as_str().unwrap(), user.clone()).await;
        people.push(user["email"].as_str().unwrap().to_owned());
    }
    // Three in a hundred mistype, some more than once; a new day comes, and they do it again.
    for _ in 0..2 {
        for (number, email) in people.iter().enumerate() {
            if number % 33 == 0 {
                tenant.fail_times(1 + number % 4, HOME, email).await;
            }
            assert_eq!(tenant.log_in(HOME, email, PASSWORD, CODE).await.0, 200, "{number}");
        }
        tenant.product.advance(Duration::from_hours(24));
    }
}

#[tokio::test]
async fn three_hundred_failures_from_a_source_close_it_for_all_but_its_known_pairs() {
    let tenant = Tenant::start().await;
    assert_eq!(tenant.succeed(HOME).await, 200);
    let addresses: Vec<String> = (0..40).map(|_| unique_email()).collect();
    for guess in 0..300 {
        tenant.fail_times(1, HOME, &addresses[guess % 40]).await;
    }
    assert_eq!(tenant.fail(HOME, &unique_email()).await, 429);
    assert_eq!(tenant.succeed(HOME).await, 200);
    assert_eq!(tenant.fail(ELSEWHERE, &addresses[0]).await, 401);
}

#[tokio::test]
async fn a_right_password_with_a_wrong_code_counts_for_its_pair_alone() {
    let tenant = Tenant::start().await;
    for place in 0..11 {
        for _ in 0..10 {
            assert_eq!(tenant.log_in(&source(place), &tenant.email, PASSWORD, "wrong").await.0, 401);
        }
        assert_eq!(tenant.log_in(&source(place), &tenant.email, PASSWORD, CODE).await.0, 429);
    }
    assert_eq!(tenant.succeed(HOME).await, 200);
}

#[tokio::test]
async fn an_unknown_address_is_locked_as_a_known_one_is() {
    let tenant = Tenant::start().await;
    let unknown = unique_email();
    for email in [&unknown, &tenant.email] {
        tenant.fail_times(10, HOME, email).await;
        assert_eq!(tenant.fail(HOME, email).await, 429);
        for stranger in 0..90 {
            tenant.fail_times(1, &source(stranger), email).await;
        }
        assert_eq!(tenant.fail(&source(90), email).await, 429);
    }
}

#[tokio::test]
async fn the_operator_unlocks_an_address_a_source_or_both() {
    let tenant = Tenant::start().await;
    let lock = async || {
        tenant.product.advance(Duration::from_mins(16));
        tenant.fail_times(10, HOME, &tenant.email).await;
        for stranger in 0..90 {
            tenant.fail_times(1, &source(stranger), &tenant.email).await;
        }
        for address in 0..29 {
            tenant.fail_times(10, HOME, &format!("nobody{address}@example.jp")).await;
        }
        assert_eq!((tenant.succeed(HOME).await, tenant.succeed(ELSEWHERE).await), (429, 429));
        assert_eq!(tenant.fail(HOME, &unique_email()).await, 429);
    };
    lock().await;
    tenant.unlock(json!({"email": tenant.email.to_uppercase()})).await.unwrap();
    assert_eq!(tenant.succeed(ELSEWHERE).await, 200);
    assert_eq!(tenant.succeed(HOME).await, 429, "the source is still locked");
    tenant.unlock(json!({"source": format!("::ffff:{HOME}")})).await.unwrap();
    assert_eq!(tenant.succeed(HOME).await, 200);
    tenant.product.advance(Duration::from_hours(24 * 31));
    lock().await;
    tenant.unlock(json!({"source": HOME, "email": tenant.email})).await.unwrap();
    assert_eq!(tenant.succeed(HOME).await, 200);
    // It counts anew from the next slice of time on.
    tenant.product.advance(Duration::from_secs(15));
    tenant.fail_times(10, ELSEWHERE, &tenant.email).await;
    assert_eq!(tenant.succeed(ELSEWHERE).await, 429);
    for (bad, field) in [(json!({}), "email, source: "), (json!({"email": 1, "source": "x"}), "email: ")] {
        assert!(tenant.unlock(bad).await.unwrap_err().starts_with(field));
    }
}
