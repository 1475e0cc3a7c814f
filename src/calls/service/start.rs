//! The way of a `call_start` frame: whether these two may call, their conversation, and the row that outlives a crash.

use super::{Calls, MAX_UNSAVED, error};
use crate::{
    app::App,
    calls::{
        CallKind,
        history::{self, Note},
        refusal::Refusal,
        ringing::{Facts, NewCall},
    },
    chat::{self, ChatError},
    ids::{CallId, ConversationId, DeviceId, UserId},
    users::{self, Role, UsersError},
};

/// What a `call_start` frame asks for, and who.
pub(super) struct Wish {
    pub(super) device: DeviceId,
    pub(super) user: UserId,
    pub(super) client_key: String,
    pub(super) callee_id: UserId,
    pub(super) kind: CallKind,
}

impl Calls {
    pub(super) async fn start(&self, app: &App, wish: Wish) {
        let Wish { device, user, .. } = wish;
        let client_key = wish.client_key.clone();
        if let Err(refusal) = self.try_start(app, wish).await {
            self.0.hub.send_to_device(device, &error(&refusal, None, Some(client_key)));
            tracing::debug!(user.id = %user, code = refusal.code(), "call refused");
        }
    }

    async fn try_start(&self, app: &App, wish: Wish) -> Result<(), Refusal> {
        if self.repeated(wish.user, wish.device, &wish.client_key) {
            return Ok(());
        }
        self.check_start(&wish)?;
        let Wish { device, user: caller_id, client_key, callee_id, kind } = wish;
        // The roles as they are now: rules of the path policy ask for them.
        let [caller_role, callee_role] = [role_of(app, caller_id).await?, role_of(app, callee_id).await?];
        let conversation_id = conversation_with(app, caller_id, callee_id).await?;
        let id = CallId::new();
        let new = NewCall { id, conversation_id, kind, caller_id, caller_role, device, client_key, callee_id, callee_role };
        self.announce(app, &new).await;
        self.step(|board, now| board.start(now, new));
        let mut live = self.live();
        if !live.board.knows(id) {
            self.note(&mut live, Note::NeverWas(id));
        }
        Ok(())
    }

    /// A database that cannot write just now is no reason not to talk: the row follows as soon as it can.
    async fn announce(&self, app: &App, new: &NewCall) {
        let NewCall { id, conversation_id, kind, caller_id, callee_id, .. } = *new;
        let started_at = self.0.clock.now();
        let (path, path_rule, answered_at) = (None, None, None);
        let facts = Facts { id, conversation_id, kind, caller_id, callee_id, path, path_rule, started_at, answered_at };
        if let Err(error) = history::announce(app, &facts).await {
            tracing::error!(%error, "a call could not be announced to the database");
            self.note(&mut self.live(), Note::Lives(facts));
        }
    }

    fn repeated(&self, user: UserId, device: DeviceId, client_key: &str) -> bool {
        let mut known = false;
        self.step(|board, now| {
            let effects = board.repeat_start(now, user, device, client_key);
            known = effects.is_some();
            effects.unwrap_or_default()
        });
        known
    }

    fn check_start(&self, wish: &Wish) -> Result<(), Refusal> {
        let live = self.live();
        if live.unsaved.len() >= MAX_UNSAVED {
            return Err(Refusal::Unavailable);
        }
        live.board.check_start(wish.user, wish.device, wish.callee_id, &wish.client_key)
    }
}

/// Of one who can be called, and may call. A conversation does not tell: it may be older than the end of an account.
async fn role_of(app: &App, user: UserId) -> Result<Role, Refusal> {
    users::active(&app.db, user).await.map(|user| user.role).map_err(refusal_of)
}

/// The direct conversation of the two.
async fn conversation_with(app: &App, caller: UserId, callee: UserId) -> Result<ConversationId, Refusal> {
    match chat::open_direct(app, caller, callee).await {
        Ok((conversation, _)) => Ok(conversation.id),
        Err(ChatError::User(error)) => Err(refusal_of(error)),
        Err(error) => Err(unavailable(&error)),
    }
}

fn refusal_of(error: UsersError) -> Refusal {
    match error {
        UsersError::NoSuchUser | UsersError::Deactivated => Refusal::UserUnavailable,
        error => unavailable(&error),
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::error!(error, "a call was not started");
    Refusal::Unavailable
}
