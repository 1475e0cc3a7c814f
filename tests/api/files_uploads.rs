//! Uploads that break off, start anew, lie, or are too large: nothing is visible until it is whole, and then it is exact.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Body, Method};
use serde_json::json;

use crate::harness::{Client, PATIENCE, TestApp, both, client_send};

/// Bytes of which no two stretches are alike.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        u8::try_from(state & 0xff).unwrap()
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn checksum(bytes: &[u8]) -> String {
    format!("sha256 {}", BASE64_STANDARD.encode(digest(&SHA256, bytes)))
}

fn attachment(path: &str) -> String {
    path.replace("/api/uploads/", "/api/attachments/")
}

both! {
    async fn the_server_says_what_it_can(app: TestApp) {
        let anna = app.admin().await;
        let answer = client_send(anna.request(Method::OPTIONS, "/api/uploads")).await;
        assert_eq!((answer.status, answer.header("tus-version")), (204, "1.0.0"));
        assert_eq!(answer.header("tus-extension"), "creation,termination,checksum,expiration");
        assert_eq!(answer.header("tus-max-size"), (512_u64 << 20).to_string());
        assert_eq!(answer.header("tus-checksum-algorithm"), "sha256");
        let answer = client_send(anna.request(Method::POST, "/api/uploads").header("upload-length", 1)).await;
        assert_eq!(answer.header("tus-version"), "1.0.0");
        assert_eq!(answer.refused(412), "wrong_tus_version");
    }
}

both! {
    async fn an_upload_goes_on_where_it_broke_off(app: TestApp) {
        let (_, anna, boris, _) = app.office().await;
        let bytes = noise(300_000);
        let path = anna.begin_upload(bytes.len(), "noise.bin").await;
        let mut at = 0;
        for percent in [1, 2, 13, 50, 51, 98, 99] {
            let end = bytes.len() * percent / 100;
            // The rest is announced and never comes.
            let part = futures_util::stream::iter([Ok(bytes[at..end].to_vec()), Err(std::io::Error::other("the line is down"))]);
            let broken = anna.chunk(&path, at).body(Body::wrap_stream(part)).send().await;
            assert!(broken.is_err());
            assert_eq!(anna.fetch(&attachment(&path)).await.status, 404, "it is not there before it is whole");
            assert_eq!(boris.send_chunk(&path, at, b"x").await.refused(404), "not_found");
            let now = anna.offset(&path).await;
            assert!((at..=end).contains(&now), "{at}..={end}: {now}");
            at = now;
        }
        let last = anna.send_chunk(&path, at, &bytes[at..]).await;
        assert_eq!((last.status, last.header("upload-offset")), (204, "300000"));
        assert!(!last.header("upload-expires").is_empty());
        assert!(anna.fetch(&attachment(&path)).await.bytes == bytes);
        // The answer to the last chunk may have been lost.
        assert_eq!(anna.offset(&path).await, bytes.len());
    }
}

both! {
    async fn a_wrong_offset_or_checksum_changes_nothing(app: TestApp) {
        let anna = app.admin().await;
        let bytes = noise(1_000);
        let path = anna.begin_upload(bytes.len(), "x").await;
        assert_eq!(anna.send_chunk(&path, 1, &bytes).await.refused(409), "wrong_offset");
        let wrong = anna.chunk(&path, 0).header("upload-checksum", checksum(b"other")).body(bytes[..400].to_vec());
        assert_eq!(client_send(wrong).await.refused(460), "wrong_checksum");
        assert_eq!(anna.offset(&path).await, 0);
        let right = anna.chunk(&path, 0).header("upload-checksum", checksum(&bytes[..400])).body(bytes[..400].to_vec());
        assert_eq!(client_send(right).await.header("upload-offset"), "400");
        for unknown in ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256 x", "sha256"] {
            let bad = anna.chunk(&path, 400).header("upload-checksum", unknown).body(bytes[400..].to_vec());
            assert_eq!(client_send(bad).await.refused(400), "bad_upload", "{unknown}");
        }
        // What breaks off under a checksum cannot be checked: none of it counts.
        let part = futures_util::stream::iter([Ok(bytes[400..700].to_vec()), Err(std::io::Error::other("the line is down"))]);
        let broken = anna.chunk(&path, 400).header("upload-checksum", checksum(&bytes[400..])).body(Body::wrap_stream(part));
        assert!(broken.send().await.is_err());
        assert_eq!(anna.offset(&path).await, 400);
        assert_eq!(anna.send_chunk(&path, 400, &bytes[400..]).await.status, 204);
        assert!(anna.fetch(&attachment(&path)).await.bytes == bytes);
    }
}

both! {
    async fn the_newest_request_wins_over_one_that_hangs(app: TestApp) {
        let anna = app.admin().await;
        let bytes = noise(100_000);
        let path = anna.begin_upload(bytes.len(), "x").await;
        let hanging = anna.chunk(&path, 0).body(Body::wrap_stream(endless(bytes[..50_000].to_vec())));
        let hanging = tokio::spawn(client_send(hanging));
        let mut at = 0;
        // Each look ends whoever sends, so that what it says stays true.
        while at == 0 {
            at = anna.offset(&path).await;
            if at == 0 && hanging.is_finished() {
                break;
            }
        }
        assert_eq!(hanging.await.unwrap().refused(423), "taken_over");
        assert_eq!(anna.send_chunk(&path, at, &bytes[at..]).await.status, 204);
        assert!(anna.fetch(&attachment(&path)).await.bytes == bytes);
    }
}

both! {
    async fn of_two_who_resume_at_once_nothing_is_mixed_up(app: TestApp) {
        let anna = app.admin().await;
        let bytes = noise(200_000);
        let path = anna.begin_upload(bytes.len(), "x").await;
        assert_eq!(anna.send_chunk(&path, 0, &bytes[..1_000]).await.status, 204);
        let both = [0, 1].map(|_| {
            let (anna, path, bytes) = (anna.clone(), path.clone(), bytes.clone());
            tokio::spawn(async move { resume(&anna, &path, &bytes).await })
        });
        for one in both {
            one.await.unwrap();
        }
        assert!(anna.fetch(&attachment(&path)).await.bytes == bytes);
    }
}

/// Goes on until all is there, as a client does.
async fn resume(client: &Client, path: &str, bytes: &[u8]) {
    loop {
        let at = client.offset(path).await;
        if at == bytes.len() {
            return;
        }
        let answer = client.chunk(path, at).body(bytes[at..].to_vec()).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(matches!(status, Err(_) | Ok(204 | 409 | 423)), "{status:?}");
    }
}

/// Some bytes, and then silence.
fn endless(bytes: Vec<u8>) -> impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> {
    use futures_util::StreamExt;
    futures_util::stream::iter([Ok(bytes)]).chain(futures_util::stream::pending())
}

both! {
    /// A5: deactivation and sign-out with an upload under way.
    async fn who_is_deactivated_or_signs_out_uploads_no_further(app: TestApp) {
        let (admin, anna, boris, _) = app.office().await;
        for (client, end) in [(&anna, "deactivate"), (&boris, "sign out")] {
            let path = client.begin_upload(1_000, "x").await;
            let running = tokio::spawn(client_send(client.chunk(&path, 0).body(Body::wrap_stream(endless(vec![0; 10])))));
            if end == "sign out" {
                client.delete("/api/session").await.expect(204);
            } else {
                let id = client.id().await;
                admin.patch(&format!("/api/users/{id}"), &json!({"deactivated": true})).await.expect(200);
            }
            let ended = tokio::time::timeout(PATIENCE, running).await.expect("it is ended").unwrap();
            assert_eq!(ended.refused(401), "not_signed_in", "{end}");
            assert_eq!(client.send_chunk(&path, 0, b"x").await.refused(401), "not_signed_in");
        }
    }
}

both! {
    async fn an_upload_is_as_large_as_it_said(app: TestApp) {
        let anna = app.admin().await;
        let path = anna.begin_upload(1_000, "x").await;
        assert_eq!(anna.send_chunk(&path, 0, &[0; 1_001]).await.refused(413), "more_than_declared");
        // Without a length, and without an end.
        let forever = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 100]));
        let answer = anna.chunk(&path, 0).body(Body::wrap_stream(forever)).send().await;
        // The server closes while the client still sends: not every answer gets through.
        assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status().as_u16() == 413));
        assert_eq!(anna.offset(&path).await, 0, "nothing of it stays");
        assert_eq!(anna.send_chunk(&path, 0, &[0; 999]).await.status, 204);
        assert_eq!(anna.fetch(&attachment(&path)).await.status, 404);
        assert_eq!(anna.send_chunk(&path, 999, &[0; 1]).await.status, 204);
        assert_eq!(anna.fetch(&attachment(&path)).await.bytes, [0; 1_000]);
        assert_eq!(anna.send_chunk(&path, 1_000, &[0; 1]).await.refused(413), "more_than_declared");
    }
}

both! {
    async fn an_empty_file_is_a_file(app: TestApp) {
        let anna = app.admin().await;
        let id = anna.upload("empty.txt", b"").await;
        let file = anna.fetch(&format!("/api/attachments/{id}")).await;
        assert_eq!((file.status, file.bytes.len(), file.header("content-length")), (200, 0, "0"));
        assert_eq!(anna.offset(&format!("/api/uploads/{id}")).await, 0);
    }
}

both! {
    async fn limits_are_those_that_the_admin_set(app: TestApp) {
        let (admin, anna, _, _) = app.office().await;
        let report = admin.get("/api/admin/uploads").await.expect(200);
        assert_eq!(report, json!({"max_file_bytes": 512 << 20, "max_user_bytes": 20_u64 << 30, "used_bytes": 0, "file_count": 0}));
        let limits = json!({"max_file_bytes": 1_000, "max_user_bytes": 2_500});
        admin.put("/api/admin/uploads", &limits).await.expect(200);
        assert_eq!(anna.create_upload(1_001, &[]).await.refused(413), "file_too_large");
        let first = anna.upload("1", &[0; 1_000]).await;
        // What is only begun counts as well, or all of it could be begun at once.
        anna.begin_upload(1_000, "2").await;
        assert_eq!(anna.create_upload(501, &[]).await.refused(413), "quota_exceeded");
        anna.upload("3", &[0; 500]).await;
        assert_eq!(anna.create_upload(1, &[]).await.refused(413), "quota_exceeded");
        assert_eq!(admin.create_upload(1_000, &[]).await.status, 201, "each has their own");
        let gone = client_send(anna.tus(Method::DELETE, &format!("/api/uploads/{first}"))).await;
        assert_eq!(gone.status, 204);
        assert_eq!(anna.create_upload(1_000, &[]).await.status, 201);
        let report = admin.get("/api/admin/uploads").await.expect(200);
        assert_eq!((&report["used_bytes"], &report["file_count"]), (&json!(500), &json!(1)));
        for bad in [json!({"max_file_bytes": 0, "max_user_bytes": 1}), json!({"max_file_bytes": 1, "max_user_bytes": 1_u64 << 60})] {
            assert_eq!(admin.put("/api/admin/uploads", &bad).await.refused(422), "bad_limit");
        }
    }
}

both! {
    async fn what_is_no_upload_is_refused(app: TestApp) {
        let anna = app.admin().await;
        let post = || anna.tus(Method::POST, "/api/uploads");
        assert_eq!(client_send(post()).await.refused(400), "bad_upload");
        for length in ["-1", "x", "1e3", "99999999999999999999"] {
            assert_eq!(client_send(post().header("upload-length", length)).await.refused(400), "bad_upload", "{length}");
        }
        for metadata in ["filename !", "filename /w==", &"x".repeat(5_000)] {
            let answer = client_send(post().header("upload-length", 1).header("upload-metadata", metadata)).await;
            assert_eq!(answer.refused(400), "bad_upload", "{metadata}");
        }
        let path = anna.begin_upload(10, "x").await;
        let wrong_type = anna.tus(Method::PATCH, &path).header("upload-offset", 0).body("x");
        assert_eq!(client_send(wrong_type).await.refused(415), "unsupported_media_type");
        let no_offset = anna.tus(Method::PATCH, &path).header("content-type", "application/offset+octet-stream").body("x");
        assert_eq!(client_send(no_offset).await.refused(400), "bad_upload");
    }
}

both! {
    async fn a_name_is_no_path(app: TestApp) {
        let anna = app.admin().await;
        let long = format!("{}.txt", "я".repeat(300));
        let names = ["../../x", "C:\\x", "a\0b", "\u{202e}gpj.exe", &long, "a\r\nSet-Cookie: session_token=x", ""];
        for name in names {
            let id = anna.upload(name, b"x").await;
            let file = anna.fetch(&format!("/api/attachments/{id}")).await;
            assert_eq!((file.status, file.headers.get("set-cookie")), (200, None), "{name:?}");
            assert!(file.header("content-disposition").is_ascii());
        }
        let data = app.app.config.data.clone();
        let mut found = vec![data];
        while let Some(path) = found.pop() {
            if path.is_dir() {
                found.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            } else if path.components().any(|part| part.as_os_str() == "files") {
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(name.parse::<uuid::Uuid>().is_ok(), "{name}");
            }
        }
    }
}
