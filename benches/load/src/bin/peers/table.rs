//! What the runs say beside what is wanted of them, as Markdown.

use crate::contender::Contender;
use crate::plan::{BURST, Part, SUBSCRIBERS};
use crate::row::Row;

/// A figure of ours against its target.
#[derive(Clone, Debug, PartialEq)]
struct Verdict {
    what: String,
    found: f64,
    wanted: f64,
    unit: &'static str,
    /// It is to be at least what is wanted, not at most.
    at_least: bool,
}

impl Verdict {
    fn holds(&self) -> bool {
        if self.at_least { self.found >= self.wanted } else { self.found <= self.wanted }
    }

    fn line(&self) -> String {
        let Self { what, found, wanted, unit, at_least } = self;
        let (sign, verdict) = (if *at_least { "≥" } else { "≤" }, if self.holds() { "reached" } else { "**missed**" });
        format!("| {what} | {} {unit} | {sign} {wanted} {unit} | {verdict} |", round(*found))
    }
}

fn round(value: f64) -> f64 {
    if value.abs() < 10.0 { (value * 100.0).round() / 100.0 } else { value.round() }
}

/// The middle one, with the least and the most.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The runs that count.
pub(crate) struct Runs<'a>(pub(crate) &'a [Row]);

impl Runs<'_> {
    fn of(&self, part: Part) -> impl Iterator<Item = &Row> {
        self.0.iter().filter(move |row| row.part == part && row.valid)
    }

    pub(crate) fn of_server(&self, part: Part, server: Contender, subscribers: usize, burst: u32) -> Vec<&Row> {
        let wanted = |row: &&Row| row.server == server && row.subscribers == subscribers && row.burst == burst;
        self.of(part).filter(wanted).collect()
    }

    pub(crate) fn cost(&self, part: Part, server: Contender, subscribers: usize, burst: u32) -> Option<f64> {
        median(self.of_server(part, server, subscribers, burst).iter().map(|row| row.cpu_ns_per_forwarded_packet))
    }

    /// Ours as a share of another's: the median of what the rounds say, each for itself.
    fn ratio(&self, part: Part, other: Contender, subscribers: usize, burst: u32) -> Option<f64> {
        let theirs = self.of_server(part, other, subscribers, burst);
        let ours = self.of_server(part, Contender::Staffline, subscribers, burst);
        median(ours.iter().filter_map(|ours| {
            let theirs = theirs.iter().find(|theirs| theirs.round == ours.round)?;
            Some(ours.cpu_ns_per_forwarded_packet / theirs.cpu_ns_per_forwarded_packet)
        }))
    }

    fn against_others(&self) -> Vec<Verdict> {
        let targets = [
            (Contender::Janus, 0.2),
            (Contender::JanusEventLoops, 0.35),
            (Contender::Naive, 0.6),
            (Contender::Fast, 1.0),
            (Contender::Floor, 2.0),
        ];
        let mut verdicts = Vec::new();
        for (other, wanted) in targets {
            for (subscribers, burst) in SUBSCRIBERS.into_iter().flat_map(|subscribers| [(subscribers, 1), (subscribers, BURST)]) {
                if other == Contender::Floor && subscribers != SUBSCRIBERS[1] {
                    continue;
                }
                let how = if burst == 1 { "steady" } else { "bursts" };
                let what = format!("CPU, {subscribers} subscribers, {how}, beside {other}");
                verdicts
                    .extend(self.ratio(Part::Peers, other, subscribers, burst).map(|found| at_most(what, found, wanted, "×")));
            }
        }
        for subscribers in SUBSCRIBERS {
            let what = format!("CPU, {subscribers} subscribers, AES-CM, beside janus");
            let found = self.ratio(Part::Cm, Contender::Janus, subscribers, 1);
            verdicts.extend(found.map(|found| at_most(what, found, 0.5, "×")));
            let what = format!("CPU, {subscribers} subscribers, AES-CM, beside janus-event-loops");
            let found = self.ratio(Part::Cm, Contender::JanusEventLoops, subscribers, 1);
            verdicts.extend(found.map(|found| at_most(what, found, 0.5, "×")));
        }
        verdicts
    }

    /// How far the costs are from their mean, at the most, in percent.
    fn unevenness(costs: &[f64]) -> Option<f64> {
        let mean = costs.iter().sum::<f64>() / costs.len() as f64;
        (costs.len() > 1).then(|| costs.iter().map(|cost| (cost / mean - 1.0).abs() * 100.0).fold(0.0, f64::max))
    }

    /// The median cost for each number of subscribers or rooms.
    pub(crate) fn curve(&self, part: Part, burst: Option<u32>) -> Vec<(usize, f64)> {
        let size = |row: &Row| if part == Part::Rooms { row.rooms } else { row.subscribers };
        let runs: Vec<&Row> = self.of(part).filter(|row| burst.is_none_or(|burst| row.burst == burst)).collect();
        let mut sizes: Vec<usize> = runs.iter().map(|row| size(row)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let cost =
            |wanted: usize| median(runs.iter().filter(|row| size(row) == wanted).map(|row| row.cpu_ns_per_forwarded_packet));
        sizes.into_iter().filter_map(|size| Some((size, cost(size)?))).collect()
    }

    fn evenness(&self) -> Vec<Verdict> {
        let curves = [
            ("CPU from 10 to 200 subscribers, steady, from its mean", Part::Flat, Some(1)),
            ("CPU from 10 to 200 subscribers, bursts, from its mean", Part::Flat, Some(BURST)),
            ("CPU from 10 to 200 rooms of two, from its mean", Part::Rooms, None),
        ];
        let verdict = |(what, part, burst): (&str, Part, Option<u32>)| {
            let costs: Vec<f64> = self.curve(part, burst).into_iter().map(|(_, cost)| cost).collect();
            Self::unevenness(&costs).map(|found| at_most(what.to_owned(), found, 15.0, "%"))
        };
        curves.into_iter().filter_map(verdict).collect()
    }

    pub(crate) fn highest(&self, server: Contender) -> Option<f64> {
        median(self.0.iter().filter(|row| row.server == server).filter_map(|row| row.max_forwarded_pps))
    }

    fn rates(&self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        if let Some(ours) = self.highest(Contender::Staffline) {
            for (other, wanted) in [(Contender::Janus, 2.5), (Contender::JanusEventLoops, 2.5)] {
                let what = format!("highest rate, 10 subscribers, beside {other}");
                verdicts.extend(self.highest(other).map(|theirs| Verdict {
                    what,
                    found: ours / theirs,
                    wanted,
                    unit: "×",
                    at_least: true,
                }));
            }
        }
        let half = self.of(Part::Highest).filter(|row| row.server == Contender::Staffline && row.max_forwarded_pps.is_none());
        let late = median(half.map(|row| row.latency_us_p99 as f64));
        verdicts.extend(late.map(|late| at_most("latency p99 at half of that rate".to_owned(), late, 500.0, "µs")));
        verdicts
    }

    /// A line for each target.
    pub(crate) fn verdicts(&self) -> String {
        let verdicts = [self.against_others(), self.evenness(), self.rates()].concat();
        let lines: Vec<String> = verdicts.iter().map(Verdict::line).collect();
        format!("| what | found | wanted | |\n|---|---|---|---|\n{}\n", lines.join("\n"))
    }

    /// A line for each server and load: medians.
    pub(crate) fn servers(&self) -> String {
        let mut text =
            "| server | 10 subs | 10, bursts | 50 subs | 50, bursts | p99 (10 / 50) | highest rate | p99 at half |\n".to_owned();
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        let all = [
            Contender::Staffline,
            Contender::Fast,
            Contender::Naive,
            Contender::JanusEventLoops,
            Contender::Janus,
            Contender::Floor,
        ];
        for server in all {
            let ns = |subscribers, burst| {
                self.cost(Part::Peers, server, subscribers, burst).map_or("–".to_owned(), |cost| format!("{cost:.0} ns"))
            };
            let p99 = |subscribers| {
                let late =
                    median(self.of_server(Part::Peers, server, subscribers, 1).iter().map(|row| row.latency_us_p99 as f64));
                late.filter(|late| *late > 0.0).map_or("–".to_owned(), |late| format!("{late:.0}"))
            };
            let half = self.of(Part::Highest).filter(|row| row.server == server && row.max_forwarded_pps.is_none());
            let half = median(half.map(|row| row.latency_us_p99 as f64)).map_or("–".to_owned(), |late| format!("{late:.0} µs"));
            let rate = self.highest(server).map_or("–".to_owned(), |rate| format!("{:.0} k/s", rate / 1000.0));
            if self.cost(Part::Peers, server, 10, 1).is_some() {
                let costs = [ns(10, 1), ns(10, BURST), ns(50, 1), ns(50, BURST)].join(" | ");
                text.push_str(&format!("| {server} | {costs} | {} / {} µs | {rate} | {half} |\n", p99(10), p99(50)));
            }
        }
        text
    }
}

fn at_most(what: String, found: f64, wanted: f64, unit: &'static str) -> Verdict {
    Verdict { what, found, wanted, unit, at_least: false }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row() -> Row {
        Row {
            part: Part::Peers,
            round: 0,
            server: Contender::Staffline,
            version: String::new(),
            subscribers: 10,
            rooms: 1,
            input_pps: 2000,
            payload_bytes: 1100,
            burst: 1,
            srtp_profile: String::new(),
            cpu_ns_per_forwarded_packet: 3000.0,
            loss_pct: 0.0,
            latency_us_p50: 100,
            latency_us_p99: 200,
            forwarded_pps: 20_000.0,
            max_forwarded_pps: None,
            generator_lag_us_p99: 0,
            generator_receive_drops: 0,
            others_cpu_pct: 0.0,
            valid: true,
        }
    }

    fn costs(server: Contender, costs: [f64; 3]) -> Vec<Row> {
        let run = |(round, cost)| Row { round, server, cpu_ns_per_forwarded_packet: cost, ..row() };
        costs.into_iter().enumerate().map(run).collect()
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        // The machine was slow in the second round, for both.
        let mut runs = costs(Contender::Staffline, [2000.0, 9000.0, 2200.0]);
        runs.extend(costs(Contender::Janus, [10_000.0, 45_000.0, 11_000.0]));
        runs[0].valid = true;
        assert_eq!(Runs(&runs).ratio(Part::Peers, Contender::Janus, 10, 1), Some(0.2));
        assert!(Runs(&runs).verdicts().contains("beside janus | 0.2 × | ≤ 0.2 × | reached |"), "{}", Runs(&runs).verdicts());
        runs.iter_mut().filter(|row| row.server == Contender::Staffline).for_each(|row| row.cpu_ns_per_forwarded_packet *= 1.1);
        assert!(Runs(&runs).verdicts().contains("**missed**"));
        runs.iter_mut().for_each(|row| row.valid = false);
        assert_eq!(Runs(&runs).ratio(Part::Peers, Contender::Janus, 10, 1), None, "what is not valid does not count");
    }

    #[test]
    fn evenness_is_the_largest_distance_from_the_mean() {
        assert_eq!(Runs::unevenness(&[75.0, 100.0, 125.0]), Some(25.0));
        assert_eq!(Runs::unevenness(&[90.0]), None);
    }
}
