//! Which processor features the kernels may use: detected once, never more than a limit.
//!
//! The limit is for debugging and tests, which compare each level with the portable one; the engine
//! reads no environment, so whoever embeds it sets it.

use std::sync::atomic::{AtomicU8, Ordering};

/// A level of processor features; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the architecture has: no feature beyond is used.
    Base,
    /// x86-64-v3: AVX2, BMI, POPCNT, and SHA where there is.
    V3,
    /// x86-64-v4: AVX-512 F, BW, DQ and VL.
    V4,
}

const UNKNOWN: u8 = u8::MAX;
static CURRENT: AtomicU8 = AtomicU8::new(UNKNOWN);

impl Level {
    /// The level of this name: `base`, `v3` or `v4`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "base" => Some(Self::Base),
            "v3" => Some(Self::V3),
            "v4" => Some(Self::V4),
            _ => None,
        }
    }
}

/// From now on no kernel uses more than this, in the whole process.
pub fn limit(most: Level) {
    CURRENT.store(detected().min(most) as u8, Ordering::Relaxed);
}

/// The level that kernels use.
pub fn level() -> Level {
    match CURRENT.load(Ordering::Relaxed) {
        0 => Level::Base,
        1 => Level::V3,
        2 => Level::V4,
        _ => {
            let found = detected();
            CURRENT.store(found as u8, Ordering::Relaxed);
            found
        }
    }
}

/// The most that this processor has.
#[cfg(target_arch = "x86_64")]
pub fn detected() -> Level {
    use std::arch::is_x86_feature_detected as has;
    if !(has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")) {
        Level::Base
    } else if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
        Level::V4
    } else {
        Level::V3
    }
}

/// The most that this processor has.
#[cfg(not(target_arch = "x86_64"))]
pub fn detected() -> Level {
    Level::Base
}

/// What each level that this processor has makes of a kernel, one caller at a time: the limit is the
/// process's. Tests that do not call this may run at any level meanwhile.
#[cfg(test)]
pub(crate) fn each_level<O>(run: impl Fn() -> O) -> Vec<O> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    // A test that failed in its turn leaves nothing that the next one relies on.
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let levels = [Level::Base, Level::V3, Level::V4].into_iter().filter(|l| *l <= detected());
    let all = levels
        .map(|level| {
            limit(level);
            run()
        })
        .collect();
    limit(Level::V4);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_the_portable_one_is_always_there() {
        assert!(Level::Base < Level::V3 && Level::V3 < Level::V4);
        assert_eq!(each_level(level).first(), Some(&Level::Base));
        assert!(level() <= detected());
    }

    #[test]
    fn a_level_stays_while_others_want_theirs() {
        let all: Vec<Level> =
            [Level::Base, Level::V3, Level::V4].into_iter().filter(|l| *l <= detected()).collect();
        let look = || {
            let before = level();
            std::thread::yield_now();
            (before, level())
        };
        let stays =
            || (0..200).all(|_| each_level(look).into_iter().eq(all.iter().map(|l| (*l, *l))));
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..4).map(|_| scope.spawn(stays)).collect();
            assert!(others.into_iter().all(|other| other.join().unwrap_or(false)));
        });
    }
}
