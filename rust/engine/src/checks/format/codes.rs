//! Sets of two and three letters: a bit per code.

/// Codes of two letters of one case.
pub(super) struct Pairs([u32; 26]);

/// Codes of three upper-case letters.
pub(super) struct Triples([[u32; 26]; 26]);

impl Pairs {
    /// The codes of a list, between them one space, their first possible letter being `from`.
    pub(super) const fn new(list: &str, from: u8) -> Self {
        let list = list.as_bytes();
        let mut table = [0; 26];
        let mut at = 0;
        while at < list.len() {
            table[(list[at] - from) as usize] |= 1 << (list[at + 1] - from);
            at += 3;
        }
        Self(table)
    }

    pub(super) fn contains(&self, text: &[u8], from: u8) -> bool {
        let [a, b] = *text else {
            return false;
        };
        let row = self.0.get(usize::from(a.wrapping_sub(from))).copied().unwrap_or(0);
        bit(row, b.wrapping_sub(from))
    }
}

impl Triples {
    /// The codes of a list, between them one space.
    pub(super) const fn new(list: &str) -> Self {
        let list = list.as_bytes();
        let mut table = [[0; 26]; 26];
        let mut at = 0;
        while at < list.len() {
            let (a, b, c) = (list[at] - b'A', list[at + 1] - b'A', list[at + 2] - b'A');
            table[a as usize][b as usize] |= 1 << c;
            at += 4;
        }
        Self(table)
    }

    pub(super) fn contains(&self, text: &[u8]) -> bool {
        let [a, b, c] = *text else {
            return false;
        };
        let place = |letter: u8| usize::from(letter.wrapping_sub(b'A'));
        let row = self.0.get(place(a)).and_then(|row| row.get(place(b))).copied().unwrap_or(0);
        bit(row, c.wrapping_sub(b'A'))
    }
}

fn bit(row: u32, at: u8) -> bool {
    at < 26 && row >> at & 1 == 1
}
