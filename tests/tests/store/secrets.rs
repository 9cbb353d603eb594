//! What proves who somebody is, and the addresses that are secrets: hashes of passwords, feeds, hooks.

use shared::domain::ids::UserId;
use shared::store::credentials::{self, Credential};
use shared::store::hooks::{self, Hook};
use shared::store::{feeds, keys};

use crate::bench::{Bench, id, other_tenant, tenant};

const USER: UserId = UserId(2);

fn credential(phc: &str, token_version: i64) -> Credential {
    Credential { phc: phc.to_owned(), token_version }
}

async fn phc(bench: &Bench) -> Option<String> {
    credentials::find(&bench.table, &tenant(), USER).await.unwrap().map(|found| found.phc)
}

#[tokio::test]
async fn a_hash_is_replaced_only_by_who_saw_it() {
    let bench = Bench::new().await;
    let first = credential("first", 0);
    let replace = |seen: &Credential, new: &str, version| {
        credentials::replace(&tenant(), USER, seen, &credential(new, version)).unwrap()
    };
    assert!(!bench.one(&replace(&first, "second", 1)).await, "there is none");
    assert!(bench.one(&credentials::create(&tenant(), USER, &first).unwrap()).await);
    assert!(!bench.one(&credentials::create(&tenant(), USER, &credential("other", 0)).unwrap()).await);
    assert!(bench.one(&replace(&first, "second", 1)).await);
    assert!(!bench.one(&replace(&first, "third", 1)).await, "it is another now");
    assert_eq!(phc(&bench).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_hash_is_replaced_only_by_who_knows_the_number_of_the_password() {
    let bench = Bench::new().await;
    let replace =
        |seen, new: &str| credentials::replace_version(&tenant(), USER, seen, &credential(new, seen + 1)).unwrap();
    assert!(!bench.one(&replace(0, "second")).await, "there is none");
    assert!(bench.one(&credentials::create(&tenant(), USER, &credential("first", 0)).unwrap()).await);
    assert!(bench.one(&replace(0, "second")).await);
    assert!(!bench.one(&replace(0, "third")).await);
    assert_eq!(phc(&bench).await.as_deref(), Some("second"));
    assert!(bench.one(&credentials::delete(&tenant(), USER)).await);
    assert_eq!(phc(&bench).await, None);
}

#[tokio::test]
async fn accounts_are_read_in_the_order_in_which_they_are_wanted() {
    let bench = Bench::new().await;
    assert!(bench.one(&credentials::create(&tenant(), USER, &credential("of the first", 0)).unwrap()).await);
    assert!(bench.one(&credentials::put_access_code(&other_tenant(), "of the second".to_owned()).unwrap()).await);
    let (first, second) = (tenant(), other_tenant());
    let accounts = credentials::accounts(&bench.table, &[(&first, USER), (&second, USER)]).await.unwrap();
    let [first, second] = &accounts[..] else { panic!("two accounts") };
    assert!(first.credential.is_some() && first.access_code_digest.is_none() && !first.tenant_is_active);
    assert!(second.credential.is_none() && second.access_code_digest.as_deref() == Some("of the second"));
}

#[tokio::test]
async fn a_feed_ends_once() {
    let bench = Bench::new().await;
    let end = feeds::end(&tenant(), USER);
    assert!(!bench.one(&end).await, "there is none");
    assert!(bench.one(&feeds::replace(&tenant(), USER, "first".to_owned()).unwrap()).await);
    assert!(bench.one(&feeds::replace(&tenant(), USER, "second".to_owned()).unwrap()).await);
    assert_eq!(feeds::find(&bench.table, &tenant(), USER).await.unwrap().as_deref(), Some("second"));
    assert_eq!(feeds::find(&bench.table, &other_tenant(), USER).await.unwrap(), None);
    assert!(bench.one(&end).await && !bench.one(&end).await);
    assert!(bench.one(&feeds::delete(&tenant(), USER)).await, "a user may never have had one");
}

#[tokio::test]
async fn an_address_of_ours_is_about_one_channel_for_ever() {
    let bench = Bench::new().await;
    let hook = |number| Hook { tenant: tenant(), schedule: id(number), channel_id: "channel".to_owned() };
    assert!(bench.one(&hooks::create("digest", &hook(1)).unwrap()).await);
    assert!(!bench.one(&hooks::create("digest", &hook(2)).unwrap()).await);
    assert_eq!(hooks::find(&bench.table, "digest").await.unwrap(), Some(hook(1)));
    assert!(bench.one(&hooks::forget("digest")).await);
    assert!(bench.item(&keys::hook("digest")).await.is_none());
}
