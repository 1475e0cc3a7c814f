//! Accounting from /proc: the CPU time of one process and of the whole machine, and what a process holds in RAM.

use std::fs;
use std::path::Path;

/// Ticks per second of the times in /proc/stat (USER_HZ, 100 on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process' live threads have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Run time from the scheduler's own clock, in ns (`schedstat`): the 10 ms ticks of `stat` are too coarse.
    pub run_ns: u64,
    /// Voluntary and involuntary context switches.
    pub switches: u64,
    pub threads: u64,
}

impl Usage {
    /// Nothing at all if the process is gone.
    pub fn of(pid: u32) -> Option<Self> {
        Self::of_threads(pid, |_| true)
    }

    /// Of the threads of that name.
    pub fn of_named(pid: u32, name: &str) -> Option<Self> {
        Self::of_threads(pid, |task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim_end() == name))
    }

    fn of_threads(pid: u32, counts: impl Fn(&Path) -> bool) -> Option<Self> {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten().map(|task| task.path());
        Some(tasks.filter(|task| counts(task)).fold(Self::default(), |sum, task| sum.plus(&Self::of_thread(&task))))
    }

    /// What the calling thread has used.
    pub fn of_this_thread() -> Self {
        Self::of_thread(Path::new("/proc/thread-self"))
    }

    fn of_thread(task: &Path) -> Self {
        let read = |file: &str| fs::read_to_string(task.join(file)).unwrap_or_default();
        let run_ns = read("schedstat").split(' ').next().and_then(|v| v.parse().ok()).unwrap_or(0);
        let switches = read("status")
            .lines()
            .filter(|line| line.contains("_ctxt_switches"))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum();
        Self { run_ns, switches, threads: 1 }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            run_ns: self.run_ns + other.run_ns,
            switches: self.switches + other.switches,
            threads: self.threads + other.threads,
        }
    }

    /// What was used since an earlier reading; `threads` stays what it is now.
    pub fn since(self, earlier: &Self) -> Self {
        Self {
            run_ns: self.run_ns.saturating_sub(earlier.run_ns),
            switches: self.switches.saturating_sub(earlier.switches),
            threads: self.threads,
        }
    }
}

/// Memory that a process holds in RAM, bytes. Nothing if it is gone.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Time that all CPUs together were busy since boot, in seconds.
pub fn machine_busy_s() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let times: Vec<f64> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|v| v.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq (proc_stat(5)).
    let [user, nice, system, _, _, irq, softirq, ..] = times[..] else { return 0.0 };
    (user + nice + system + irq + softirq) / TICKS_PER_SECOND
}
