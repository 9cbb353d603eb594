//! A user is four items, and what one of them says binds the others.

use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::permission::Permission;
use shared::domain::standing::Standing;
use shared::domain::user::UserName;
use shared::store::{keys, standings, users};

use crate::bench::{Bench, number, other_tenant, tenant, user};

async fn with_users() -> Bench {
    let bench = Bench::new().await;
    for (number, email) in [(1, "master@example.jp"), (2, "two@example.jp")] {
        assert!(bench.all(&users::create(&tenant(), &user(number, email)).unwrap()).await);
    }
    bench
}

async fn standing(bench: &Bench, user: i64) -> Standing {
    standings::find(&bench.table, &tenant(), UserId(user)).await.unwrap().expect("a standing")
}

#[tokio::test]
async fn none_of_a_user_s_items_is_written_over() {
    let bench = with_users().await;
    bench.refuses_each(&users::create(&tenant(), &user(2, "two@example.jp")).unwrap()).await;
    let [pointer, ..] = users::create(&tenant(), &user(3, "TWO@example.jp")).unwrap();
    assert!(!bench.one(&pointer).await, "an address is one user's, however it is written");
    assert!(bench.all(&users::create(&other_tenant(), &user(2, "two@example.jp")).unwrap()).await);
    let address = users::address(&bench.table, &Email::parse("two@example.jp").unwrap()).await.unwrap();
    assert_eq!((address.pointers.len(), address.salt), (2, None));
}

#[tokio::test]
async fn a_change_needs_the_standing_that_was_seen() {
    let bench = with_users().await;
    let seen = standing(&bench, 2).await;
    let mut new = seen.clone();
    new.permissions.set(Permission::View, true);
    new.name = UserName::parse("renamed").unwrap();
    let change = users::change(&tenant(), &seen, new).unwrap();
    assert!(bench.all(&change).await);
    assert!(!bench.all(&change).await, "it was changed since");
    let now = standing(&bench, 2).await;
    assert_eq!((now.version, now.name.as_str()), (seen.version + 1, "renamed"));
    let listed = users::find(&bench.table, &tenant(), UserId(2)).await.unwrap().unwrap();
    assert!(listed.permissions.include(Permission::View) && listed.name.as_str() == "renamed");
}

#[tokio::test]
async fn a_change_makes_nobody() {
    let bench = with_users().await;
    let seen = standing(&bench, 2).await;
    assert!(bench.all(&users::delete(&tenant(), &user(2, "two@example.jp"))).await);
    bench.refuses_each(&users::change(&tenant(), &seen, seen.clone()).unwrap()).await;
    assert!(users::find(&bench.table, &tenant(), UserId(2)).await.unwrap().is_none());
    assert!(standings::find(&bench.table, &tenant(), UserId(2)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_user_is_deleted_once_and_a_master_never() {
    let bench = with_users().await;
    assert!(!bench.all(&users::delete(&tenant(), &user(1, "master@example.jp"))).await);
    assert!(bench.all(&users::delete(&tenant(), &user(2, "two@example.jp"))).await);
    assert!(!bench.all(&users::delete(&tenant(), &user(2, "two@example.jp"))).await);
    for gone in [
        keys::user(&tenant(), UserId(2)),
        keys::standing(&tenant(), UserId(2)),
        keys::pointer(&Email::parse("two@example.jp").unwrap(), &tenant()),
    ] {
        assert!(bench.item(&gone).await.is_none(), "{gone:?}");
    }
    standing(&bench, 1).await;
}

#[tokio::test]
async fn a_standing_is_replaced_as_it_was_seen_and_counted() {
    let bench = with_users().await;
    let seen = standing(&bench, 2).await;
    let again =
        async |seen: &Standing| standings::try_replace(&bench.table, &tenant(), seen, seen.clone()).await.unwrap();
    assert!(again(&seen).await && !again(&seen).await);
    let item = bench.item(&keys::standing(&tenant(), UserId(2))).await.unwrap();
    assert_eq!(number(&item, "version"), 1);
    assert!(again(&standing(&bench, 2).await).await);
    assert!(bench.one(&standings::delete(&tenant(), UserId(2))).await);
    assert!(!again(&seen).await, "it is gone");
    assert!(standings::find(&bench.table, &tenant(), UserId(2)).await.unwrap().is_none());
}

#[tokio::test]
async fn an_address_has_one_salt_whoever_comes_first() {
    let bench = with_users().await;
    let salt = async |email: &str, new: &str| {
        users::salt(&bench.table, &Email::parse(email).unwrap(), new.to_owned()).await.unwrap()
    };
    assert_eq!(salt("two@example.jp", "first").await, "first");
    assert_eq!(salt("Two@Example.jp", "second").await, "first");
    assert_eq!(salt("three@example.jp", "third").await, "third");
    let address = users::address(&bench.table, &Email::parse("two@example.jp").unwrap()).await.unwrap();
    assert_eq!((address.pointers.len(), address.salt.as_deref()), (1, Some("first")));
}

#[tokio::test]
async fn users_are_listed_after_a_number_in_the_order_of_numbers() {
    let bench = with_users().await;
    for number in [10, 9] {
        assert!(bench.all(&users::create(&tenant(), &user(number, &format!("{number}@example.jp"))).unwrap()).await);
    }
    let listed = async |after: Option<i64>, limit| {
        let users = users::after(&bench.table, &tenant(), after.map(UserId), limit).await.unwrap();
        users.into_iter().map(|user| user.id.0).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 9).await, [1, 2, 9, 10]);
    assert_eq!(listed(Some(2), 9).await, [9, 10]);
    assert_eq!(listed(Some(1), 2).await, [2, 9]);
}
