//! What users set for themselves.

use serde_json::json;

use crate::harness::{TestApp, both};

both! {
    async fn settings_follow_their_user_and_nobody_else(app: TestApp) {
        let admin = app.admin().await;
        let anna = app.user(&admin, "anna", "employee").await;
        let untouched = json!({"language": null, "theme": "system", "email_notices": true, "desktop_notices": true, "sound": true});
        assert_eq!(anna.get("/api/users/me/settings").await.expect(200), untouched);
        let (mut phone, mut other) = (anna.copy().connect().await, admin.connect().await);
        let changed = anna.patch("/api/users/me/settings", &json!({"language": "ru", "theme": "dark", "email_notices": false})).await;
        let expected = json!({"language": "ru", "theme": "dark", "email_notices": false, "desktop_notices": true, "sound": true});
        assert_eq!(changed.expect(200), expected);
        let event = phone.event().await;
        assert_eq!((event["type"].as_str(), &event["settings"]), (Some("settings_changed"), &expected));
        anna.patch("/api/users/me/settings", &json!({"language": null, "sound": false})).await.expect(200);
        let now = anna.get("/api/users/me/settings").await.expect(200);
        assert_eq!((&now["language"], &now["theme"], &now["sound"]), (&json!(null), &json!("dark"), &json!(false)));
        assert_eq!(admin.get("/api/users/me/settings").await.expect(200), untouched);
        // What comes to everybody after them shows that they came to nobody else.
        app.user(&admin, "boris", "employee").await;
        assert_eq!(other.event().await["type"], "user_changed");
    }
}

both! {
    async fn what_is_no_setting_is_refused(app: TestApp) {
        let admin = app.admin().await;
        for body in [json!({"theme": "pink"}), json!({"language": "de"}), json!({"sound": "yes"}), json!({"colour": "red"}), json!([])] {
            assert_eq!(admin.patch("/api/users/me/settings", &body).await.refused(422), "invalid_body", "{body}");
        }
    }
}

both! {
    async fn two_devices_that_change_different_things_do_not_undo_each_other(app: TestApp) {
        let admin = app.admin().await;
        for round in 0..8 {
            let theme = if round % 2 == 0 { "dark" } else { "light" };
            let sound = round % 3 == 0;
            let (one, two) = (json!({"theme": theme}), json!({"sound": sound}));
            tokio::join!(admin.patch("/api/users/me/settings", &one), admin.patch("/api/users/me/settings", &two));
            let now = admin.get("/api/users/me/settings").await.expect(200);
            assert_eq!((now["theme"].as_str(), now["sound"].as_bool()), (Some(theme), Some(sound)));
        }
    }
}
