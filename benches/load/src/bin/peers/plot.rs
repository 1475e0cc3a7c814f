//! The plot of the README: what a forwarded packet costs each server, as bars. It follows the reader's choice of light or dark.

use std::fmt::Write;

use crate::contender::Contender;
use crate::plan::{BURST, Part, SUBSCRIBERS};
use crate::table::Runs;

const SERVERS: [(Contender, &str, &str); 6] = [
    (Contender::Staffline, "Staffline", "ours"),
    (Contender::Fast, "reference: fast path alone", "reference"),
    (Contender::Naive, "reference: str0m, sendto", "reference"),
    (Contender::JanusEventLoops, "Janus, event loop", "janus"),
    (Contender::Janus, "Janus as Debian ships it", "janus"),
    (Contender::Floor, "floor: seal + sendmmsg", "floor"),
];

const WIDTH: f64 = 720.0;
const NAMES: f64 = 190.0;
const BAR: f64 = 15.0;
const ROW: f64 = 20.0;
const GAP: f64 = 34.0;
const TOP: f64 = 40.0;
/// For the number behind the longest bar.
const NUMBER: f64 = 80.0;

const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 } .group { font-weight: 600 }
  .ours { fill: #0a7d5a } .reference { fill: #7d8590 } .janus { fill: #c2673a } .floor { fill: #b9c0c8 }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #2fbf8f } .janus { fill: #e08a5e } .floor { fill: #4a525c } }
";

/// Name, class and cost.
type Bar = (&'static str, &'static str, f64);

/// An SVG. Bars of what was not measured are left out.
pub(crate) fn draw(runs: &Runs<'_>, title: &str) -> String {
    let groups: Vec<(String, Vec<Bar>)> = SUBSCRIBERS
        .into_iter()
        .flat_map(|subscribers| [(subscribers, 1), (subscribers, BURST)])
        .map(|(subscribers, burst)| {
            let how = if burst == 1 { "packets one by one" } else { "bursts of ten" };
            let bar = |(server, name, class)| Some((name, class, runs.cost(Part::Peers, server, subscribers, burst)?));
            (format!("{subscribers} subscribers, {how}"), SERVERS.into_iter().filter_map(bar).collect())
        })
        .collect();
    let longest = groups.iter().flat_map(|(_, bars)| bars).map(|bar| bar.2).fold(1.0, f64::max);
    let scale = (WIDTH - NAMES - NUMBER) / longest;
    let (mut body, mut y) = (String::new(), TOP);
    for (name, bars) in &groups {
        y += GAP - ROW / 2.0;
        text(&mut body, 8.0, y, "group", name);
        y += 8.0;
        for (name, class, cost) in bars {
            let (width, middle) = (cost * scale, y + BAR - 3.5);
            text(&mut body, 8.0, middle, "name", name);
            let _ = writeln!(body, r#"<rect class="{class}" x="{NAMES}" y="{y}" width="{width:.1}" height="{BAR}" rx="2"/>"#);
            text(&mut body, NAMES + width + 6.0, middle, "number", &format!("{:.1} µs", cost / 1000.0));
            y += ROW;
        }
    }
    let height = y + 12.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<text class=\"title\" x=\"8\" y=\"24\">{title}</text>\n{body}</svg>\n"
    )
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = writeln!(body, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::table::tests::row;

    #[test]
    fn there_is_a_bar_for_each_server_that_was_measured() {
        let runs = [row(), Row { server: Contender::Janus, cpu_ns_per_forwarded_packet: 30_000.0, ..row() }];
        let svg = draw(&Runs(&runs), "CPU");
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("3.0 µs") && svg.contains("30.0 µs") && svg.contains(r#"width="450.0""#), "{svg}");
    }
}
