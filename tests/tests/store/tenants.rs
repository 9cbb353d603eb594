//! Tenants are made once, and nothing makes one by the way.

use std::collections::BTreeSet;

use shared::domain::ids::UserId;
use shared::domain::tenant::{State, Tenant};
use shared::store::{keys, tenants};
use shared::table::TableError;

use crate::bench::{Bench, at, other_tenant, tenant};

async fn with_tenant() -> Bench {
    let bench = Bench::new().await;
    assert!(bench.all(&tenants::create(&tenant(), &made()).unwrap()).await);
    bench
}

fn made() -> Tenant {
    Tenant { name: "one".to_owned(), state: State::Active, created_at: at(0) }
}

#[tokio::test]
async fn neither_a_tenant_nor_its_line_in_the_list_is_written_over() {
    let bench = with_tenant().await;
    bench.refuses_each(&tenants::create(&tenant(), &made()).unwrap()).await;
    assert_eq!(tenants::list(&bench.table, None, 9).await.unwrap(), [(tenant(), made())]);
    assert_eq!(tenants::list(&bench.table, Some(&tenant()), 9).await.unwrap(), []);
    assert_eq!(tenants::find(&bench.table, &tenant()).await.unwrap(), Some(made()));
}

#[tokio::test]
async fn what_is_set_of_a_tenant_needs_one() {
    let bench = with_tenant().await;
    let ids = BTreeSet::from(["archive".to_owned()]);
    for (tenant, is_there) in [(tenant(), true), (other_tenant(), false)] {
        assert_eq!(bench.one(&tenants::set_state(&tenant, State::Suspended)).await, is_there);
        assert_eq!(bench.one(&tenants::set_archive_destinations(&tenant, &ids)).await, is_there);
        assert_eq!(bench.item(&keys::tenant(&tenant)).await.is_some(), is_there, "nothing made a tenant");
        let destinations = tenants::archive_destinations(&bench.table, &tenant).await.unwrap();
        assert_eq!(!destinations.is_empty(), is_there);
        assert!(!tenants::works(&bench.table, &tenant).await.unwrap());
    }
    assert!(bench.one(&tenants::set_state(&tenant(), State::Active)).await);
    assert!(tenants::works(&bench.table, &tenant()).await.unwrap());
}

#[tokio::test]
async fn user_numbers_go_up_from_the_master_s_and_need_a_tenant() {
    let bench = with_tenant().await;
    for number in [2, 3] {
        assert_eq!(tenants::take_user_number(&bench.table, &tenant()).await.unwrap(), UserId(number));
    }
    let nobody = tenants::take_user_number(&bench.table, &other_tenant()).await;
    assert!(matches!(nobody, Err(TableError::Broken(_))), "{nobody:?}");
    assert!(bench.item(&keys::tenant(&other_tenant())).await.is_none());
}
