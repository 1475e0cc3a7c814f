//! What mails and push notices say, in Russian and in English. The page has its own words; these go where no page is.

use crate::{calls::CallKind, users::settings::Language};

/// The one of three forms that goes with a number in Russian; English uses the first and the last.
fn plural<'a>(language: Language, n: u32, one: &'a str, few: &'a str, many: &'a str) -> &'a str {
    match language {
        Language::En if n == 1 => one,
        Language::En => many,
        Language::Ru => match (n % 10, n % 100) {
            (_, 11..=14) => many,
            (1, _) => one,
            (2..=4, _) => few,
            _ => many,
        },
    }
}

#[must_use]
pub fn subject(language: Language, group: Option<&str>, sender: &str) -> String {
    match (language, group) {
        (Language::Ru, Some(group)) => format!("Новые сообщения в чате «{group}»"),
        (Language::En, Some(group)) => format!("New messages in “{group}”"),
        (Language::Ru, None) => format!("Новые сообщения: {sender}"),
        (Language::En, None) => format!("New messages from {sender}"),
    }
}

#[must_use]
pub fn digest_subject(language: Language, chats: u32) -> String {
    let chats_word = plural(language, chats, "чате", "чатах", "чатах");
    match language {
        Language::Ru => format!("Непрочитанное в {chats} {chats_word}"),
        Language::En => format!("Unread messages in {chats} {}", plural(language, chats, "chat", "", "chats")),
    }
}

#[must_use]
pub fn unread(language: Language, n: u32) -> String {
    match language {
        Language::Ru => {
            let word = plural(language, n, "непрочитанное сообщение", "непрочитанных сообщения", "непрочитанных сообщений");
            format!("{n} {word}")
        }
        Language::En => format!("{n} {}", plural(language, n, "unread message", "", "unread messages")),
    }
}

#[must_use]
pub fn and_earlier(language: Language, n: u32) -> String {
    match language {
        Language::Ru => format!("и ещё {n} до этого"),
        Language::En => format!("and {n} before that"),
    }
}

#[must_use]
pub fn and_chats(language: Language, n: u32) -> String {
    match language {
        Language::Ru => format!("и ещё {n} {}", plural(language, n, "чат", "чата", "чатов")),
        Language::En => format!("and {n} more {}", plural(language, n, "chat", "", "chats")),
    }
}

#[must_use]
pub fn missed_call(language: Language) -> &'static str {
    match language {
        Language::Ru => "Пропущенный звонок",
        Language::En => "Missed call",
    }
}

#[must_use]
pub fn incoming_call(language: Language, kind: CallKind) -> &'static str {
    match (language, kind) {
        (Language::Ru, CallKind::Audio) => "Аудиозвонок",
        (Language::Ru, CallKind::Video) => "Видеозвонок",
        (Language::En, CallKind::Audio) => "Audio call",
        (Language::En, CallKind::Video) => "Video call",
    }
}

#[must_use]
pub fn new_message(language: Language) -> &'static str {
    match language {
        Language::Ru => "Новое сообщение",
        Language::En => "New message",
    }
}

#[must_use]
pub fn call_over(language: Language) -> &'static str {
    match language {
        Language::Ru => "Звонок уже принят или завершён",
        Language::En => "The call was answered or is over",
    }
}

/// One file by its name, several by how many they are.
#[must_use]
pub fn files(language: Language, n: u32, first: Option<&str>) -> String {
    match (n, first, language) {
        (1, Some(name), Language::Ru) => format!("Файл: {name}"),
        (1, Some(name), Language::En) => format!("File: {name}"),
        (_, _, Language::Ru) => format!("{n} {}", plural(language, n, "файл", "файла", "файлов")),
        (_, _, Language::En) => format!("{n} {}", plural(language, n, "file", "", "files")),
    }
}

#[must_use]
pub fn voice(language: Language) -> &'static str {
    match language {
        Language::Ru => "Голосовое сообщение",
        Language::En => "Voice message",
    }
}

#[must_use]
pub fn open_chat(language: Language) -> &'static str {
    match language {
        Language::Ru => "Открыть чат",
        Language::En => "Open the chat",
    }
}

/// Why this mail came, before the link that stops the next.
#[must_use]
pub fn why(language: Language) -> &'static str {
    match language {
        Language::Ru => "Письмо пришло, потому что сообщения остались непрочитанными.",
        Language::En => "You get this mail because the messages stayed unread.",
    }
}

#[must_use]
pub fn stop(language: Language) -> &'static str {
    match language {
        Language::Ru => "Больше не присылать",
        Language::En => "Send no more",
    }
}

#[must_use]
pub fn head_subject(language: Language, day: &str) -> String {
    match language {
        Language::Ru => format!("Контрольная сумма записей звонков, {day}"),
        Language::En => format!("Head of the call recordings, {day}"),
    }
}

#[must_use]
pub fn head_body(language: Language, rows: u64) -> String {
    match language {
        Language::Ru => format!(
            "Во вложении — подписанное состояние цепочки записей звонков: строк в ней {rows}. Сохраните это письмо: по нему видно, что \
            сделанные до него записи не изменены и не удалены."
        ),
        Language::En => format!(
            "Attached is where the signed chain of all call recordings stands: {rows} rows. Keep this mail: it proves that nothing \
            recorded before it was changed or removed since."
        ),
    }
}

#[must_use]
pub fn test_subject(language: Language) -> &'static str {
    match language {
        Language::Ru => "Проверка почты",
        Language::En => "Mail test",
    }
}

#[must_use]
pub fn test_body(language: Language) -> &'static str {
    match language {
        Language::Ru => "Если вы это читаете, сервер Staffline умеет отправлять письма.",
        Language::En => "If you read this, the Staffline server can send mail.",
    }
}

#[must_use]
pub fn invitation_subject(language: Language) -> &'static str {
    match language {
        Language::Ru => "Приглашение в рабочий чат",
        Language::En => "Invitation to the staff chat",
    }
}

#[must_use]
pub fn invitation_body(language: Language) -> &'static str {
    match language {
        Language::Ru => {
            "Вас пригласили в рабочий чат. Ссылка одноразовая и действует семь дней: откройте её и придумайте пароль."
        }
        Language::En => "You are invited to the staff chat. The link works once, for seven days: open it and choose a password.",
    }
}

#[must_use]
pub fn invitation_button(language: Language) -> &'static str {
    match language {
        Language::Ru => "Принять приглашение",
        Language::En => "Accept the invitation",
    }
}

/// Title, sentence and button of the page behind the link that stops mail.
#[must_use]
pub fn unsubscribe_page(language: Language) -> [&'static str; 3] {
    match language {
        Language::Ru => ["Письма о сообщениях", "Больше не присылать письма о непрочитанных сообщениях?", "Не присылать"],
        Language::En => ["Mail about messages", "Stop sending mail about unread messages?", "Stop"],
    }
}

/// After the button was pressed.
#[must_use]
pub fn unsubscribed(language: Language) -> &'static str {
    match language {
        Language::Ru => "Писем больше не будет. Включить их снова можно в настройках профиля.",
        Language::En => "There will be no more mail. It can be turned on again in the profile's settings.",
    }
}

#[must_use]
pub fn bad_link(language: Language) -> &'static str {
    match language {
        Language::Ru => "Ссылка неполная. Откройте её из письма целиком.",
        Language::En => "The link is incomplete. Open the whole of it from the mail.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_with_their_words() {
        let ru = |n| unread(Language::Ru, n);
        assert_eq!(ru(1), "1 непрочитанное сообщение");
        assert_eq!(ru(3), "3 непрочитанных сообщения");
        for n in [5, 11, 12, 14, 111, 100] {
            assert_eq!(ru(n), format!("{n} непрочитанных сообщений"));
        }
        assert_eq!(ru(21), "21 непрочитанное сообщение");
        assert_eq!((unread(Language::En, 1), unread(Language::En, 2)), ("1 unread message".into(), "2 unread messages".into()));
        assert_eq!(digest_subject(Language::Ru, 21), "Непрочитанное в 21 чате");
    }
}
