//! Standings: what every request reads, strongly, under a key of its user's own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{decode, encode, keys, number, stored};
use crate::domain::ids::{TenantId, TokenId, UserId};
use crate::domain::permission::Permissions;
use crate::domain::standing::{Revoked, Standing};
use crate::domain::user::UserName;
use crate::table::{Condition, Table, TableError, Write, Written};

#[derive(Serialize, Deserialize)]
struct StandingItem {
    id: i64,
    #[serde(with = "stored")]
    name: UserName,
    permissions: Vec<String>,
    is_master: bool,
    token_version: i64,
    #[serde(default, with = "stored::option", skip_serializing_if = "Option::is_none")]
    kept_token: Option<TokenId>,
    /// Each ten digits of a second since 1970, and the token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead_until: Option<i64>,
    version: i64,
}

const DIGITS: usize = 10;

pub async fn find(table: &Table, tenant: &TenantId, user: UserId) -> Result<Option<Standing>, TableError> {
    table.get(&keys::standing(tenant, user)).await?.map(|item| standing(decode(item)?)).transpose()
}

pub(super) fn create(tenant: &TenantId, standing: &Standing) -> Result<Write, TableError> {
    Ok(Write::create(keys::standing(tenant, standing.id), encode(&item(standing))?))
}

/// The write that puts another standing in place of the one that was seen, if nobody changed it since.
pub fn replace(tenant: &TenantId, seen: &Standing, new: Standing) -> Result<Write, TableError> {
    let new = Standing { version: seen.version + 1, ..new };
    let unchanged = Condition::Equals("version", number(seen.version));
    Ok(Write::put(keys::standing(tenant, seen.id), encode(&item(&new))?).only_if(unchanged))
}

/// `replace` on its own. `false` when somebody changed it meanwhile, or when this was done and the answer was lost.
pub async fn try_replace(table: &Table, tenant: &TenantId, seen: &Standing, new: Standing) -> Result<bool, TableError> {
    Ok(matches!(table.write(&replace(tenant, seen, new)?).await?, Written::Done(_)))
}

pub fn delete(tenant: &TenantId, user: UserId) -> Write {
    Write::delete(keys::standing(tenant, user))
}

fn item(standing: &Standing) -> StandingItem {
    let Standing { id, name, permissions, is_master, token_version, kept_token, revoked, dead_until, version } =
        standing.clone();
    StandingItem {
        id: id.0,
        name,
        permissions: permissions.names().map(str::to_owned).collect(),
        is_master,
        token_version,
        kept_token,
        revoked: revoked.iter().map(revoked_text).collect(),
        dead_until: dead_until.map(|until| until.timestamp()),
        version,
    }
}

fn standing(item: StandingItem) -> Result<Standing, TableError> {
    let unreadable = || TableError::Broken("a standing without its times".to_owned());
    let instant = |seconds| DateTime::from_timestamp(seconds, 0).ok_or_else(unreadable);
    Ok(Standing {
        id: UserId(item.id),
        name: item.name,
        permissions: Permissions::from_store(&item.permissions),
        is_master: item.is_master,
        token_version: item.token_version,
        kept_token: item.kept_token,
        revoked: item
            .revoked
            .iter()
            .map(|text| revoked_from_text(text).ok_or_else(unreadable))
            .collect::<Result<_, _>>()?,
        dead_until: item.dead_until.map(instant).transpose()?,
        version: item.version,
    })
}

/// Ids of tokens are UUIDs, which take 22 characters of base64 instead of 36, so that a hundred of them fit into the
/// 4 KB that one unit reads.
fn revoked_text(revoked: &Revoked) -> String {
    let token = revoked.token.as_str();
    let uuid = Uuid::try_parse(token).ok().filter(|uuid| uuid.to_string() == token);
    let short = uuid.map_or_else(|| format!("={token}"), |uuid| URL_SAFE_NO_PAD.encode(uuid));
    format!("{:010}{short}", revoked.expires_at.timestamp())
}

fn revoked_from_text(text: &str) -> Option<Revoked> {
    let (expires_at, token) = text.split_at_checked(DIGITS)?;
    let expires_at = DateTime::from_timestamp(expires_at.parse().ok()?, 0)?;
    if let Some(token) = token.strip_prefix('=') {
        return Some(Revoked { token: token.into(), expires_at });
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(Revoked { token: Uuid::from_slice(&bytes).ok()?.into(), expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    #[test]
    fn a_full_standing_comes_back_as_it_was_and_reads_in_one_unit() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let revoked = |token| Revoked { token, expires_at: at(4_102_444_800) };
        let token = |number: u32| TokenId::from(Uuid::from_u128(u128::MAX - u128::from(number)));
        let mut full = Standing {
            id: UserId(i64::MAX),
            name: UserName::parse(&"𠮟".repeat(30)).unwrap(),
            permissions: Permissions::ALL,
            is_master: true,
            token_version: i64::MAX,
            kept_token: Some(token(200)),
            revoked: (0..99).map(token).map(revoked).collect(),
            dead_until: Some(at(4_102_444_800)),
            version: i64::MAX - 1,
        };
        full.revoked.push(revoked("no UUID".into()));
        let written = encode(&item(&full)).unwrap();
        let bytes = size(&Value::M(written.clone().into()));
        assert!(bytes + 80 < 4_096, "{bytes}");
        assert_eq!(standing(decode(written).unwrap()).unwrap(), full);
    }

    /// As DynamoDB counts it, at the most.
    fn size(value: &Value) -> usize {
        match value {
            Value::S(text) => text.len(),
            Value::N(_) => 21,
            Value::L(values) => 3 + values.iter().map(|value| 1 + size(value)).sum::<usize>(),
            Value::M(members) => 3 + members.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
            _ => 1,
        }
    }
}
