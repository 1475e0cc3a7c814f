//! HTTP of the paths of calls: the policy, what it would say of a call, and a call that is put on another path.

use std::{collections::HashSet, net::IpAddr};

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    calls::{
        Path,
        policy::{
            Decision, End, PathPolicy, Policy, Verdict,
            draft::{Draft, DraftError},
        },
        service::MoveCallError,
        switchboard::MoveError,
    },
    error::{Error, ErrorBody},
    http::extract::{Admin, Json, Path as PathOf},
    ids::{CallId, UserId},
    users,
};

/// Two hundred rules with the longest names.
const POLICY_LIMIT: usize = 256 * 1024;

impl From<DraftError> for Error {
    fn from(error: DraftError) -> Self {
        Self::invalid(error.code(), error.to_string()).at(error.at())
    }
}

impl From<MoveCallError> for Error {
    fn from(error: MoveCallError) -> Self {
        match error {
            MoveCallError::Refused(MoveError::NoSuchCall) => Self::not_found(),
            MoveCallError::Refused(MoveError::NotAnswered) => {
                Self::conflict("not_answered", "The call has not been answered yet.")
            }
            MoveCallError::Refused(MoveError::AlreadyThere) => {
                Self::conflict("already_on_path", "The call takes this path already.")
            }
            MoveCallError::Refused(MoveError::Recorded) => {
                Self::conflict("call_recorded", "The call is recorded, and stays on the media node.")
            }
            MoveCallError::Database(error) => error.into(),
        }
    }
}

/// Which path calls take.
#[utoipa::path(get, path = "/api/admin/path-policy", tag = "admin", operation_id = "path_policy", responses(
    (status = 200, body = PathPolicy),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn policy(State(app): State<App>, _: Admin) -> Reply<PathPolicy> {
    Reply(app.calls.policy())
}

/// Sets which path calls take that are answered from now on; it replaces the policy before as a whole.
#[utoipa::path(put, path = "/api/admin/path-policy", tag = "admin", operation_id = "set_path_policy", request_body = PathPolicy, responses(
    (status = 200, body = PathPolicy, description = "As it is kept: names trimmed, networks in one spelling"),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 422, description = "invalid_body, too_many_rules, bad_rule_name, rule_name_taken, bad_network, no_such_user; `at` says where",
        body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_policy(
    State(app): State<App>,
    Admin(current): Admin,
    Json(draft): Json<Draft, POLICY_LIMIT>,
) -> Result<Reply<PathPolicy>, Error> {
    let policy = draft.check(&everybody(&app).await?)?;
    app.calls.set_policy(&app, policy.clone(), current.user.id).await?;
    Ok(Reply(policy))
}

async fn everybody(app: &App) -> sqlx::Result<HashSet<UserId>> {
    Ok(users::all(&app.db).await?.into_iter().map(|user| user.id).collect())
}

/// Who would call whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PathTrial)]
pub struct Trial {
    /// A draft; unset: the policy that holds.
    #[schema(value_type = Option<PathPolicy>)]
    policy: Option<Draft>,
    caller: TrialEnd,
    callee: TrialEnd,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PathTrialEnd)]
pub struct TrialEnd {
    user_id: UserId,
    /// Unset: that of the user's newest connected device, if there is one.
    #[schema(value_type = Option<String>, example = "10.20.0.7")]
    address: Option<IpAddr>,
}

/// What the policy would say of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PathTrialResult)]
pub struct TrialResult {
    /// That the call would begin on.
    path: Path,
    /// The stricter of the two, and the rule that says so.
    policy: Policy,
    rule: String,
    may_move: bool,
    caller: Verdict,
    callee: Verdict,
}

/// What the policy, or a draft of one, would say of a call. Nothing is changed.
#[utoipa::path(post, path = "/api/admin/path-policy/try", tag = "admin", operation_id = "try_path_policy", request_body = Trial, responses(
    (status = 200, body = TrialResult),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 404, description = "not_found: one of the users", body = ErrorBody),
    (status = 422, description = "The draft is refused as when it is set", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn try_policy(
    State(app): State<App>,
    _: Admin,
    Json(trial): Json<Trial, POLICY_LIMIT>,
) -> Result<Reply<TrialResult>, Error> {
    let policy = match trial.policy {
        Some(draft) => draft.check(&everybody(&app).await?)?,
        None => app.calls.policy(),
    };
    let caller = policy.judge(&end(&app, trial.caller).await?);
    let callee = policy.judge(&end(&app, trial.callee).await?);
    let Verdict { policy, rule } = Verdict::stricter(caller.clone(), callee.clone());
    let Decision { path, may_move, rule } = Verdict { policy, rule }.into();
    Ok(Reply(TrialResult { path, policy, rule, may_move, caller, callee }))
}

async fn end(app: &App, TrialEnd { user_id, address }: TrialEnd) -> Result<End, Error> {
    let user = users::active(&app.db, user_id).await?;
    Ok(End { user_id, role: user.role, address: address.or_else(|| app.calls.address_of(user_id)) })
}

/// The paths that a call can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerPath {
    Relayed,
    MediaNode,
}

impl From<ServerPath> for Path {
    fn from(path: ServerPath) -> Self {
        match path {
            ServerPath::Relayed => Self::Relayed,
            ServerPath::MediaNode => Self::MediaNode,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallMove {
    path: ServerPath,
}

/// Puts an answered call on another path. Media goes on over the one before until it flows over the new one.
#[utoipa::path(post, path = "/api/admin/calls/{id}/path", tag = "admin", operation_id = "move_call", params(("id" = CallId, Path)),
    request_body = CallMove, responses(
        (status = 204, description = "The call moves"),
        (status = 403, description = "forbidden: admins only", body = ErrorBody),
        (status = 404, description = "not_found: no such call goes on", body = ErrorBody),
        (status = 409, description = "not_answered, already_on_path, call_recorded", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn move_call(
    State(app): State<App>,
    Admin(current): Admin,
    PathOf(id): PathOf<CallId>,
    Json(CallMove { path }): Json<CallMove>,
) -> Result<StatusCode, Error> {
    app.calls.move_call(&app, id, path.into(), current.user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
