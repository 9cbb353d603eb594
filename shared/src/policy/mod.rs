//! Who may do what: every rule, and nothing else. `shared/tests/policy_matrix.txt` shows it as a table.

pub mod publishing;

use chrono::TimeDelta;

use crate::domain::permission::{Permission, Permissions};

/// What a signed-in user can ask for. Logging in and the health call need no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Logout,
    ChangePassword,
    ChangeAccessCode,
    ListSchedules,
    CreateSchedule,
    UpdateSchedule,
    DeleteSchedule,
    GetDelivery,
    ResetDelivery,
    GetView,
    ListUsers,
    CreateUser,
    UpdateUser,
    DeleteUser,
    ListMessages,
    PostMessage,
    DeleteMessage,
    MuteUser,
    UnmuteUser,
    GetChatSettings,
    UpdateChatSettings,
    ExportMessages,
    CreateCalendar,
    DeleteCalendar,
    ListAudit,
}

impl Action {
    pub const ALL: [Self; 25] = [
        Self::Logout,
        Self::ChangePassword,
        Self::ChangeAccessCode,
        Self::ListSchedules,
        Self::CreateSchedule,
        Self::UpdateSchedule,
        Self::DeleteSchedule,
        Self::GetDelivery,
        Self::ResetDelivery,
        Self::GetView,
        Self::ListUsers,
        Self::CreateUser,
        Self::UpdateUser,
        Self::DeleteUser,
        Self::ListMessages,
        Self::PostMessage,
        Self::DeleteMessage,
        Self::MuteUser,
        Self::UnmuteUser,
        Self::GetChatSettings,
        Self::UpdateChatSettings,
        Self::ExportMessages,
        Self::CreateCalendar,
        Self::DeleteCalendar,
        Self::ListAudit,
    ];
}

/// Whose holders are the hosts of every broadcast.
const HOSTS: &[Permission] = &[Permission::Delivery, Permission::Schedule];

/// Any one of these permissions is enough; none is needed where the list is empty. `is_for_the_master_alone` goes before.
pub fn permissions_for(action: Action) -> &'static [Permission] {
    match action {
        Action::Logout
        | Action::ChangePassword
        | Action::ListSchedules
        | Action::CreateCalendar
        | Action::DeleteCalendar
        | Action::ListAudit => &[],
        Action::CreateSchedule | Action::UpdateSchedule | Action::DeleteSchedule => &[Permission::Schedule],
        Action::GetDelivery => &[Permission::Delivery],
        Action::ResetDelivery
        | Action::MuteUser
        | Action::UnmuteUser
        | Action::GetChatSettings
        | Action::UpdateChatSettings
        | Action::ExportMessages => HOSTS,
        Action::GetView => &[Permission::View],
        Action::ListMessages | Action::PostMessage => &[Permission::Delivery, Permission::View],
        // Those who only view: their own messages, `may_delete_message`.
        Action::DeleteMessage => &[Permission::Delivery, Permission::View, Permission::Schedule],
        Action::ListUsers | Action::CreateUser | Action::UpdateUser | Action::DeleteUser | Action::ChangeAccessCode => {
            &[Permission::User]
        }
    }
}

/// What no permission opens.
pub fn is_for_the_master_alone(action: Action) -> bool {
    action == Action::ListAudit
}

pub fn allows(permissions: Permissions, is_master: bool, action: Action) -> bool {
    if is_for_the_master_alone(action) {
        return is_master;
    }
    let sufficient = permissions_for(action);
    sufficient.is_empty() || sufficient.iter().any(|permission| permissions.include(*permission))
}

/// The rules of a chat do not hold for its hosts.
pub fn hosts(permissions: Permissions) -> bool {
    HOSTS.iter().any(|permission| permissions.include(*permission))
}

/// For how long an author may take a message back.
const TAKEN_BACK_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Of those who may delete messages at all: any that is so old, or their own.
pub fn may_delete_message(permissions: Permissions, is_own: bool, age: TimeDelta) -> bool {
    hosts(permissions) || (is_own && age <= TAKEN_BACK_WITHIN)
}

/// How many chat messages a user may post within five seconds.
pub fn posts_in_five_seconds(permissions: Permissions) -> usize {
    if permissions.include(Permission::Delivery) { 20 } else { 5 }
}
