//! The four permissions of the customer's document.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// 配信権限
    Delivery,
    /// 視聴権限
    View,
    /// スケジュール管理権限
    Schedule,
    /// ユーザー管理権限
    User,
}

/// What one user may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the document has four independent switches")]
pub struct Permissions {
    pub delivery: bool,
    pub view: bool,
    pub schedule: bool,
    pub user: bool,
}

impl Permissions {
    /// What the master has, for ever.
    pub const ALL: Self = Self { delivery: true, view: true, schedule: true, user: true };

    #[must_use]
    pub fn include(self, permission: Permission) -> bool {
        match permission {
            Permission::Delivery => self.delivery,
            Permission::View => self.view,
            Permission::Schedule => self.schedule,
            Permission::User => self.user,
        }
    }
}
