//! How much memory the process may have.

/// Where the system does not say.
const UNKNOWN_BYTES: usize = 4 << 30;

/// The least of the machine's memory, the process's address space and its control group's limit.
pub fn memory_bytes() -> usize {
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    [machine(), address_space(), group].into_iter().flatten().min().unwrap_or(UNKNOWN_BYTES)
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "questions to the system")]
fn machine() -> Option<usize> {
    // SAFETY: these take no pointers.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    usize::try_from(pages).ok()?.checked_mul(usize::try_from(size).ok()?).filter(|bytes| *bytes > 0)
}

#[cfg(unix)]
fn address_space() -> Option<usize> {
    super::limits::limit_of(libc::RLIMIT_AS)
}

#[cfg(not(unix))]
fn machine() -> Option<usize> {
    None
}

#[cfg(not(unix))]
fn address_space() -> Option<usize> {
    None
}
