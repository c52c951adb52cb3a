//! How much memory the process may have.

/// Where the system does not say.
const UNKNOWN_BYTES: usize = 4 << 30;

/// The least of the machine's memory, the process's address space and its control group's limit.
pub fn memory_bytes() -> usize {
    let word = |path: &str, line: &str, place: usize| -> Option<usize> {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|l| l.strip_prefix(line))?;
        line.split_whitespace().nth(place)?.parse().ok()
    };
    let machine = word("/proc/meminfo", "MemTotal:", 0).map(|kib| kib << 10);
    let space = word("/proc/self/limits", "Max address space", 0);
    let group = word("/sys/fs/cgroup/memory.max", "", 0);
    [machine, space, group].into_iter().flatten().min().unwrap_or(UNKNOWN_BYTES)
}
