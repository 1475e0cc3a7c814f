//! The same numbers for Prometheus: its text format 0.0.4, written by hand, as it is a few lines of text.

use std::fmt::Write as _;

use staffline_media::control::NodeReport;

use super::dashboard;
use crate::{
    app::App,
    calls::{Outcome, Path},
};

/// For `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page as it grows.
#[derive(Debug, Default)]
struct Page(String);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Gauge,
    /// Its name ends in `_total`.
    Counter,
}

impl Page {
    /// A metric with its samples: labels as they are written, and the value.
    fn metric(&mut self, kind: Kind, name: &str, help: &str, samples: impl IntoIterator<Item = (String, u64)>) {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "# HELP staffline_{name} {help}\n# TYPE staffline_{name} {kind}");
        for (labels, value) in samples {
            let _ = match labels.as_str() {
                "" => writeln!(self.0, "staffline_{name} {value}"),
                labels => writeln!(self.0, "staffline_{name}{{{labels}}} {value}"),
            };
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.metric(Kind::Gauge, name, help, [(String::new(), value)]);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.metric(Kind::Counter, name, help, [(String::new(), value)]);
    }
}

/// Our values are words and numbers: nothing in them needs an escape.
fn label(name: &str, value: impl std::fmt::Display) -> String {
    format!("{name}=\"{value}\"")
}

fn in_and_out(received: u64, sent: u64) -> [(String, u64); 2] {
    [(label("direction", "in"), received), (label("direction", "out"), sent)]
}

/// All of it, as it is now.
pub async fn page(app: &App) -> String {
    let mut page = Page::default();
    let version = label("version", env!("CARGO_PKG_VERSION"));
    page.metric(Kind::Gauge, "build_info", "The version that runs.", [(version, 1)]);
    calls(&mut page, app);
    recordings(&mut page, app).await;
    checks(&mut page, app);
    page.gauge("devices", "Pages that are connected.", dashboard::count(app.hub.device_count()));
    let report = app.calls.report().await;
    page.gauge("media_node_up", "Whether the media node answers.", u64::from(report.is_some()));
    if let Some(report) = report {
        turn(&mut page, &report);
        media(&mut page, &report);
    }
    page.0
}

fn calls(page: &mut Page, app: &App) {
    let live = dashboard::live_calls(app);
    let (calls, ringing) = (dashboard::by_path(&live), dashboard::ringing(&live));
    let by_path = [("direct", calls.direct), ("relayed", calls.relayed), ("media_node", calls.media_node)];
    let by_path = by_path.map(|(path, calls)| (label("path", path), calls));
    page.metric(Kind::Gauge, "calls", "Answered calls, by path.", by_path);
    page.gauge("calls_ringing", "Calls that ring.", ringing);
    let ended = app.calls.ended().into_iter().map(|((outcome, path), calls)| (of_end(outcome, path), calls));
    page.metric(Kind::Counter, "calls_ended_total", "Calls that have ended since the start, by outcome and path.", ended);
}

fn of_end(outcome: Outcome, path: Option<Path>) -> String {
    let path = path.map_or_else(|| "none".to_owned(), |path| path.to_string());
    format!("{},{}", label("outcome", outcome), label("path", path))
}

async fn recordings(page: &mut Page, app: &App) {
    page.gauge("recordings_open", "Recordings that run.", dashboard::count(app.recordings.open_count()));
    match crate::recordings::uploads::standing(app).await {
        Ok(Some(uploads)) => {
            let waiting = "Segments of recordings that are not in the object store yet.";
            page.gauge("recording_segments_waiting", waiting, uploads.waiting);
            let up = "Whether the object store took the last of them.";
            page.gauge("recording_uploads_up", up, u64::from(uploads.failing.is_none()));
            let failures = "Attempts to upload segments of recordings that have failed since the start.";
            page.counter("recording_uploads_failed_total", failures, uploads.failures);
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "how many segments wait is not known"),
    }
}

fn checks(page: &mut Page, app: &App) {
    page.gauge("connection_checks_open", "Connection checks that are open.", dashboard::count(app.doctor.open_checks()));
    let verdicts = app
        .doctor
        .verdicts()
        .into_iter()
        .filter_map(|(verdict, checks)| crate::db::as_word(&verdict).ok().map(|verdict| (label("verdict", verdict), checks)));
    page.metric(Kind::Counter, "connection_checks_total", "Connection checks that ended since the start, by verdict.", verdicts);
    let reach = app.doctor.reach();
    let legs =
        reach.outcomes().filter_map(|(what, ok)| crate::db::as_word(&what).ok().map(|what| (label("leg", what), u64::from(ok))));
    page.metric(Kind::Gauge, "reachable", "Whether the server could reach itself, by leg.", legs);
}

fn turn(page: &mut Page, report: &NodeReport) {
    let allocations = [("udp", report.allocations_udp), ("tcp", report.allocations_tcp), ("tls", report.allocations_tls)];
    let allocations = allocations.map(|(transport, count)| (label("transport", transport), count));
    page.metric(Kind::Gauge, "turn_allocations", "TURN allocations, by the client's transport.", allocations);
    let packets = in_and_out(report.turn_packets_in, report.turn_packets_out);
    page.metric(Kind::Counter, "turn_packets_total", "Datagrams relayed from (in) and to (out) TURN clients.", packets);
    let bytes = in_and_out(report.turn_bytes_in, report.turn_bytes_out);
    page.metric(Kind::Counter, "turn_bytes_total", "Bytes of their payload.", bytes);
    page.counter("turn_refused_total", "Requests of TURN clients that were refused.", report.turn_refused);
    page.counter("stun_answers_total", "Answers to clients that asked for their own address.", report.stun_answers);
}

fn media(page: &mut Page, report: &NodeReport) {
    page.gauge("media_connections", "TCP connections that carry media or TURN.", report.connections);
    page.gauge("media_sessions", "Peer sessions at the media node.", report.sessions);
    page.gauge("media_rooms", "Rooms at the media node.", report.rooms);
    let packets = in_and_out(report.media_packets_in, report.media_packets_out);
    page.metric(Kind::Counter, "media_packets_total", "RTP and RTCP datagrams from and to participants.", packets);
    let bytes = in_and_out(report.media_bytes_in, report.media_bytes_out);
    page.metric(Kind::Counter, "media_bytes_total", "Their UDP payload in bytes.", bytes);
    let dropped = "Packets that were not authentic, came twice, or that no track wanted.";
    page.counter("media_packets_dropped_total", dropped, report.media_packets_dropped);
    page.counter("media_packets_retransmitted_total", "Packets sent again on request.", report.retransmitted_packets);
    page.counter("media_keyframe_requests_total", "Keyframes asked for.", report.keyframe_requests);
    page.counter("packets_stray_total", "Datagrams that belonged to nobody.", report.stray_packets);
    page.counter("packets_unsent_total", "Datagrams that the kernel did not take.", report.unsent_packets);
}
