//! The classes of 64 bytes at once, and the loops that look at them, for AVX-512 and AVX2.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm512_and_si512, _mm512_broadcast_i32x4,
    _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_set1_epi8, _mm512_shuffle_epi8,
    _mm512_srli_epi16, _mm512_test_epi8_mask, _mm_loadu_si128,
};

use super::{Chain, Class, Exact, Known, Rows};

/// The bit of a byte's high half in a row of a [`Class`]; beyond ASCII there is none.
const HIGH: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// The loops over a block's rows for one level of the processor.
macro_rules! loops {
    ($follow:ident, $compare:ident, $text:ident, $features:literal) => {
        #[target_feature(enable = $features)]
        pub(super) fn $follow<R: Rows>(chain: &Chain, rows: &R, first: usize, asked: u64) -> Known {
            chain.follow(rows, first, asked, |text, classes, words, lane| {
                let text = $text::of(text);
                for (words, class) in words.iter_mut().zip(classes) {
                    words[lane] = text.places(class);
                }
                text.other()
            })
        }

        #[target_feature(enable = $features)]
        pub(super) fn $compare<R: Rows>(
            chain: &Chain,
            exact: &Exact,
            rows: &R,
            first: usize,
            asked: u64,
        ) -> Known {
            chain.compare(exact, rows, first, asked, |text, classes, wanted| {
                let text = $text::of(text);
                let mut missing = 0;
                for (wanted, class) in wanted.iter().zip(classes) {
                    missing |= wanted & !text.places(class);
                }
                (text.other(), missing)
            })
        }
    };
}

loops!(v4, exact_v4, Text512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt");
loops!(v3, exact_v3, Text256, "avx2,bmi1,bmi2,lzcnt,popcnt");

/// 64 bytes and what is looked up of them.
struct Text512 {
    text: __m512i,
    lows: __m512i,
    highs: __m512i,
}

impl Text512 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn table(rows: &[u8; 16]) -> __m512i {
        // SAFETY: the load is unaligned and of 16 bytes.
        _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(rows.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of(text: &[u8; 64]) -> Self {
        let low = _mm512_set1_epi8(15);
        // SAFETY: the load is unaligned and of 64 bytes.
        let text = unsafe { _mm512_loadu_si512(text.as_ptr().cast()) };
        let highs = _mm512_and_si512(_mm512_srli_epi16::<4>(text), low);
        let highs = _mm512_shuffle_epi8(Self::table(&HIGH), highs);
        Self { text, lows: _mm512_and_si512(text, low), highs }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn places(&self, Class(rows): &Class) -> u64 {
        _mm512_test_epi8_mask(_mm512_shuffle_epi8(Self::table(rows), self.lows), self.highs)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn other(&self) -> u64 {
        _mm512_movepi8_mask(self.text)
    }
}

/// The same in two halves.
struct Text256 {
    text: [__m256i; 2],
    lows: [__m256i; 2],
    highs: [__m256i; 2],
}

impl Text256 {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn table(rows: &[u8; 16]) -> __m256i {
        // SAFETY: the load is unaligned and of 16 bytes.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(rows.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits([low, high]: [__m256i; 2]) -> u64 {
        let word = |half| u64::from(_mm256_movemask_epi8(half) as u32);
        word(low) | word(high) << 32
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn of(text: &[u8; 64]) -> Self {
        let (low, high) = text.split_at(32);
        let fifteen = _mm256_set1_epi8(15);
        // SAFETY: the loads are unaligned and of 32 bytes.
        let text = unsafe {
            [_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast())]
        };
        let high = |half| {
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(half), fifteen);
            _mm256_shuffle_epi8(Self::table(&HIGH), high)
        };
        let lows = text.map(|half| _mm256_and_si256(half, fifteen));
        Self { text, lows, highs: text.map(high) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn places(&self, Class(rows): &Class) -> u64 {
        let table = Self::table(rows);
        let none = |lows, highs| {
            let here = _mm256_and_si256(_mm256_shuffle_epi8(table, lows), highs);
            _mm256_cmpeq_epi8(here, _mm256_setzero_si256())
        };
        let ([low, high], [up, top]) = (self.lows, self.highs);
        !Self::bits([none(low, up), none(high, top)])
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn other(&self) -> u64 {
        Self::bits(self.text)
    }
}
