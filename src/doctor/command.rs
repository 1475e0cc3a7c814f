//! `staffline doctor`: the examination at a terminal, on any machine.

use std::{io, io::Write};

use super::{
    certificate::Trust,
    examination::{self, Finding, Tried},
    probe::Target,
    proxy::Proxy,
    words,
};
use crate::{clock::Clock, users::settings::Language};

/// What the environment says of the reader's language.
pub fn language_of(variable: impl Fn(&str) -> Option<String>) -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    if set.is_some_and(|locale| locale.to_lowercase().starts_with("ru")) { Language::Ru } else { Language::En }
}

/// Examines the way to a server and writes what was found; true if every leg gets through.
pub async fn run(target: &Target, language: Language, clock: &Clock, trust: &Trust, out: &mut impl Write) -> io::Result<bool> {
    let host = target.host.to_string();
    let proxy = Proxy::of_environment(|name| std::env::var(name).ok(), &host);
    let tried = Box::pin(examination::examine(target, proxy.as_ref(), trust, clock)).await;
    let findings = examination::findings(&tried);
    writeln!(out, "{}", words::say(language, "Way to ", "Путь к ") + &target.authority())?;
    write_table(&tried, language, out)?;
    writeln!(out)?;
    for finding in &findings {
        writeln!(out, "{}", words::finding(language, finding, target))?;
    }
    writeln!(out, "{}", words::firewall(language, target.port, target.udp()))?;
    Ok(findings == [Finding::Fine])
}

fn write_table(tried: &[Tried], language: Language, out: &mut impl Write) -> io::Result<()> {
    let (ok, failed) = (words::say(language, "ok", "есть"), words::say(language, "FAILED", "НЕТ"));
    let unit = words::say(language, "ms", "мс");
    let rows: Vec<[String; 4]> = tried
        .iter()
        .map(|tried| {
            let (result, detail) = match &tried.outcome {
                Ok(shown) => (ok.clone(), words::shown(language, shown)),
                Err(fault) => (failed.clone(), words::fault(language, fault)),
            };
            let ms = tried.ms.map_or_else(String::new, |ms| format!("{ms} {unit}"));
            [words::step(language, tried.step), result, ms, detail]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (name, result, time) = (width(0), width(1), width(2));
    for [step, outcome, ms, detail] in &rows {
        let line = format!("  {step:name$}  {outcome:result$}  {ms:>time$}  {detail}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_terminal() {
        let check = |variables: &[(&str, &str)], expected| {
            let find = |wanted: &str| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
            assert_eq!(language_of(find), expected, "{variables:?}");
        };
        check(&[], Language::En);
        check(&[("LANG", "ru_RU.UTF-8")], Language::Ru);
        check(&[("LANG", "ru_RU.UTF-8"), ("LC_ALL", "C.UTF-8")], Language::En);
        check(&[("LANG", "C"), ("LC_ALL", ""), ("LC_MESSAGES", "ru")], Language::Ru);
    }
}
