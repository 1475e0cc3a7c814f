//! Staff: who there is, in which role, how they get in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{clock::Millis, ids::UserId};

/// What a user may do. Each route names the roles that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Employee,
    Manager,
    Compliance,
    Admin,
}

/// Whether a user could be reached just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Online,
    Away,
    Offline,
}

/// A user as every signed-in colleague may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    pub login: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Until the user has followed the invitation and set a password.
    pub invited: bool,
    pub created_at: Millis,
    pub last_seen_at: Option<Millis>,
    pub deactivated_at: Option<Millis>,
}
