//! The four permissions of a user.

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

impl Permission {
    pub const ALL: [Self; 4] = [Self::Delivery, Self::View, Self::Schedule, Self::User];

    /// Its name in requests, answers and the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::View => "view",
            Self::Schedule => "schedule",
            Self::User => "user",
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What one user may do: a set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    pub const NONE: Self = Self(0);

    /// What the master has, for ever.
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    /// A name that this version does not know is passed over, so that what a later version stored stays readable.
    pub fn from_store(names: &[String]) -> Self {
        Permission::ALL.into_iter().filter(|permission| names.iter().any(|name| name == permission.name())).collect()
    }

    pub fn include(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    pub fn set(&mut self, permission: Permission, is_held: bool) {
        if is_held {
            self.0 |= permission.bit();
        } else {
            self.0 &= !permission.bit();
        }
    }

    /// The names of those in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Permission::ALL.into_iter().filter(move |permission| self.include(*permission)).map(Permission::name)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, |held, permission| Self(held.0 | permission.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_stored_are_read_back_and_unknown_ones_passed_over() {
        let names = ["view", "moderate", "user"].map(str::to_owned);
        let read = Permissions::from_store(&names);
        assert_eq!(read, [Permission::User, Permission::View].into_iter().collect());
        assert_eq!(read.names().collect::<Vec<_>>(), ["view", "user"]);
        assert_eq!(Permissions::from_store(&[]), Permissions::NONE);
        assert_eq!(Permissions::ALL, Permission::ALL.into_iter().collect());
    }

    #[test]
    fn setting_one_permission_leaves_the_others() {
        for permission in Permission::ALL {
            let mut held = Permissions::ALL;
            held.set(permission, false);
            assert!(Permission::ALL.into_iter().all(|other| held.include(other) == (other != permission)));
            held.set(permission, true);
            assert_eq!(held, Permissions::ALL);
        }
    }
}
