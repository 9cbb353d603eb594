//! Tenants: the customer companies.

use chrono::{DateTime, Utc};

use super::stored::Stored;

#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub name: String,
    pub state: State,
    pub created_at: DateTime<Utc>,
}

/// While a tenant is suspended nobody logs in and no token works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    Suspended,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl Stored for State {
    fn to_store(&self) -> String {
        self.as_str().to_owned()
    }

    fn from_store(text: String) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|state| state.as_str() == text)
    }
}
