//! Voice messages, as browsers record them: all become Ogg with Opus. The samples in `data/voice` are 1.2 s of a tone that grows loud in
//! the middle, in the containers and codecs of the browsers that they are named after.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::json;

use crate::{
    files_downloads::send_files,
    harness::{Client, TestApp, both, client_send},
};

const SAMPLES: &[(&str, &[u8])] = &[
    ("chrome.webm", include_bytes!("data/voice/chrome.webm")),
    ("chrome.mp4", include_bytes!("data/voice/chrome.mp4")),
    ("firefox.ogg", include_bytes!("data/voice/firefox.ogg")),
    ("safari.mp4", include_bytes!("data/voice/safari.mp4")),
];

const SILENT_VIDEO: &[u8] = include_bytes!("data/voice/silent.webm");

async fn record(client: &Client, name: &str, bytes: &[u8]) -> (String, u16, String) {
    let path = client.create_upload(bytes.len(), &[("filename", name), ("voice", "")]).await.header("location").to_owned();
    let answer = client.send_chunk(&path, 0, bytes).await;
    let code = if answer.status == 204 { String::new() } else { answer.json()["code"].as_str().unwrap().to_owned() };
    (path, answer.status, code)
}

both! {
    async fn every_browsers_recording_is_played_by_all(app: TestApp) {
        let (_, anna, boris, conversation) = app.office().await;
        for (name, bytes) in SAMPLES {
            let (path, status, code) = record(&anna, name, bytes).await;
            assert_eq!((status, code.as_str()), (204, ""), "{name}");
            let id = path.rsplit('/').next().unwrap();
            let attachment = send_files(&anna, &conversation, &[id]).await["attachments"][0].clone();
            assert_eq!((&attachment["kind"], &attachment["content_type"]), (&json!("voice"), &json!("audio/ogg")), "{name}");
            assert_eq!(attachment["name"], format!("{}.ogg", name.split('.').next().unwrap()));
            let length = attachment["duration_ms"].as_u64().unwrap();
            assert!((1_180..=1_250).contains(&length), "{name}: {length} ms");
            let bars = BASE64_STANDARD.decode(attachment["waveform"].as_str().unwrap()).unwrap();
            assert_eq!(bars.len(), 64);
            assert!(bars[10] < 60 && bars[50] > 150 && bars.contains(&255), "{name}: {bars:?}");
            let sound = boris.fetch(&format!("/api/attachments/{id}")).await;
            assert!(sound.bytes.starts_with(b"OggS") && sound.bytes.windows(8).any(|part| part == b"OpusHead"), "{name}");
            assert!(sound.header("content-disposition").starts_with("inline"));
            assert_eq!(attachment["size"], sound.bytes.len());
            assert!(heard(&sound.bytes) > 50, "{name}: its packets are those of 1.2 s");
        }
    }
}

/// Packets of Opus that decode.
fn heard(ogg: &[u8]) -> usize {
    let mut reader = ogg::PacketReader::new(std::io::Cursor::new(ogg));
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Stereo).unwrap();
    let packets = std::iter::from_fn(|| reader.read_packet().unwrap()).skip(2);
    packets.filter(|packet| decoder.decode(&packet.data, &mut [0; 11_520], false).is_ok()).count()
}

both! {
    async fn what_is_no_sound_leaves_nothing_behind(app: TestApp) {
        let anna = app.admin().await;
        let cut = &SAMPLES[0].1[..200];
        let cases: [(&str, &[u8]); 5] =
            [("text", b"not a sound"), ("empty", b"\0"), ("video", SILENT_VIDEO), ("no packet", cut), ("html", b"<!doctype html><script>")];
        for (name, bytes) in cases {
            let (path, status, code) = record(&anna, name, bytes).await;
            assert_eq!((status, code.as_str()), (422, "not_a_voice_message"), "{name}");
            assert_eq!(client_send(anna.tus(Method::HEAD, &path)).await.status, 404, "{name}");
        }
        let left = app.app.config.data.join("staging").read_dir().unwrap().count();
        assert_eq!(left, 0);
        assert_eq!(anna.get("/api/admin/uploads").await.expect(200)["file_count"], 0);
        assert_eq!(anna.create_upload((50 << 20) + 1, &[("voice", "1")]).await.refused(413), "file_too_large");
    }
}
